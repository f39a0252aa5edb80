/** The server as a process of its own: `node test/kurrent-server/main.ts --port 2113 --path journal.db [--old]`. */
import { parseArgs } from "node:util"
import { startServer } from "./server.ts"

const { values } = parseArgs({
  options: { port: { type: "string" }, path: { type: "string" }, old: { type: "boolean", default: false } },
})
const port = Number(values.port ?? 0)
if (!Number.isInteger(port) || port < 0 || port > 65_535)
  throw new Error(`--port is ${values.port}: expected 0 (a free one) to 65535`)
const server = await startServer({
  port,
  many: !values.old,
  ...(values.path === undefined ? {} : { path: values.path }),
})
process.stdout.write(`${server.connectionString}\n`)
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    server.stop().then(
      () => process.exit(0),
      (cause: unknown) => {
        process.stderr.write(`${String(cause)}\n`)
        process.exit(1)
      },
    )
  })
