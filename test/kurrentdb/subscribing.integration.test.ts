/** The example of docs/subscribing.md, as a process, over NATS and a journal on the wire: killed, and begun again where it was, while they go away. */
import { layer } from "@concordat/adapters/nats/Nats"
import { appender } from "@concordat/adapters/canonical/testing/product"
import { acquireOwn, missingOwn } from "@concordat/adapters/nats/testing/server"
import { announce } from "@concordat/engine/flows/Announcer"
import { Journal } from "@concordat/engine/ports/Journal"
import { LiveTail } from "@concordat/engine/ports/LiveTail"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { until } from "../e2e/cluster.ts"
import { connect, serve } from "./system.ts"

const root = join(import.meta.dirname, "../..")
const example = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, "docs/subscribing.md"), "utf8"))![1]!

const run = (kept: string, env: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const args = ["--input-type=module-typescript", "--eval", example, "board.ts", "acme", kept]
      const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...env } })
      const ended = new Promise((resolve) => child.once("exit", resolve))
      let said = ""
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (said += data.toString()))
      return {
        until: (what: string, isSo: () => boolean) =>
          Effect.promise(() =>
            until(what, isSo, 60_000).catch((cause: unknown) => {
              throw new Error(`it said: ${said}`, { cause })
            }),
          ),
        said: () => said,
        kinds: () => [...said.matchAll(/^(contact|deal) \S+ (\w+) /gm)].map(([, type, kind]) => `${type} ${kind}`),
        kill: () => {
          child.kill("SIGKILL")
          return ended
        },
      }
    }),
    ({ kill }) => Effect.promise(kill),
  )

describe.skipIf(missingOwn !== null)(`docs/subscribing.md${missingOwn === null ? "" : ` (${missingOwn})`}`, () => {
  it.live("the example follows a tenant, and goes on behind the position that it kept", () =>
    Effect.gen(function* () {
      const dir = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "concordat-board-"))),
        (made) => Effect.sync(() => rmSync(made, { recursive: true })),
      )
      const stored = { many: true, path: join(dir, "journal.sqlite") }
      const [server, bus] = [yield* serve(stored), yield* acquireOwn()]
      const journal = yield* connect(server.connectionString)
      const env = { KURRENTDB_URL: server.connectionString, NATS_URL: bus.url }
      const append = appender()
      const write = (...to: Parameters<typeof append>) => Effect.provideService(append(...to), Journal, journal)
      const tail = Context.get(yield* Layer.build(Layer.fresh(layer({ address: Redacted.make(bus.url) }))), LiveTail)
      yield* announce.pipe(
        Effect.provideService(Journal, journal),
        Effect.provideService(LiveTail, tail),
        Effect.forkScoped,
      )
      yield* write("acme", "contact", 0)
      yield* write("other", "contact", 0)

      const first = yield* run(join(dir, "position"), env)
      yield* first.until("it has caught up", () => first.said().includes("caught up"))
      yield* write("acme", "deal", 0)
      yield* write("acme", "company", 0)
      yield* first.until("the deal came", () => first.kinds().length === 2)
      yield* Effect.promise(first.kill)
      assert.deepStrictEqual(first.kinds(), ["contact Changed", "deal Changed"], first.said())

      yield* write("acme", "contact", 0)
      yield* Effect.promise(() => bus.stop("SIGKILL"))
      const second = yield* run(join(dir, "position"), env)
      yield* second.until("it has begun again", () => second.said().includes("caught up"))
      yield* write("acme", "deal", 0)
      yield* second.until("the second deal came", () => second.kinds().length === 2)
      assert.deepStrictEqual(second.kinds(), ["contact Changed", "deal Changed"], second.said())

      yield* Effect.promise(server.stop)
      yield* second.until("it waits for the journal", () => second.said().includes("canonical events wait"))
      yield* serve({ ...stored, port: server.port })
      yield* write("acme", "contact", 0)
      yield* second.until("what came after the journal", () => second.kinds().length === 3)
      assert.deepStrictEqual(second.kinds().at(-1), "contact Changed", second.said())
    }),
  )
})
