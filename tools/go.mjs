// Sets the workspace up when it is not, then runs one of its scripts under the pinned Node.
// Plain JavaScript for Node 18 and later: it is the only file that the machine's own Node runs.
import { spawn, spawnSync } from "node:child_process"
import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "..")
const [script, ...rest] = process.argv.slice(2)
const pin = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).packageManager.split("@")[1]
const local = join(root, "node_modules", ".bin", "pnpm")
const stamp = join(root, "node_modules", ".go-stamp")
const lockfile = join(root, "pnpm-lock.yaml")

// npm's own variables would make pnpm believe that it runs under npm's Node and configuration.
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(package|lifecycle|node_execpath|config)/i.test(name) && name !== "npm_execpath",
  ),
)
for (const [name, value] of Object.entries(process.env))
  if (/^npm_config_(registry|cache|userconfig)$/i.test(name)) env[name] = value

// Buffers go from thread to thread here, and each thread's own arena would keep what it once needed (glibc).
env.MALLOC_ARENA_MAX ??= "2"

const run = (command, args) => {
  const { error, signal, status } = spawnSync(command, args, { cwd: root, env, stdio: "inherit" })
  if (error) console.error(`could not run ${command}: ${error.message}`)
  if (status !== 0) process.exit(signal ? 130 : (status ?? 1))
}

const pnpm = (...args) => (existsSync(local) ? run(local, args) : run("npx", ["--yes", `pnpm@${pin}`, ...args]))
const isFresh = existsSync(stamp) && existsSync(local) && statSync(stamp).mtimeMs >= statSync(lockfile).mtimeMs

if (!isFresh) {
  pnpm("install", "--frozen-lockfile")
  writeFileSync(stamp, "")
  utimesSync(stamp, new Date(), new Date())
}

if (script) {
  // The script is started directly and not through pnpm, so that a Ctrl-C reaches one process and its exit code is ours.
  const command = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts[script]
  if (!command) {
    console.error(`package.json has no script ${script}`)
    process.exit(2)
  }
  env.PATH = `${join(root, "node_modules", ".bin")}:${env.PATH}`
  const quoted = rest.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ")
  const child = spawn("sh", ["-c", `exec 3<&0; ${command.includes("&&") ? command : `exec ${command}`} ${quoted}`], {
    cwd: root,
    env,
    stdio: "inherit",
  })
  // A terminal gives its Ctrl-C to the child too. What a supervisor sends comes here alone, and would leave the child running.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"))
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))
  child.on("error", (error) => {
    console.error(`could not run sh: ${error.message}`)
    process.exit(1)
  })
  child.on("exit", (status, signal) => process.exit(signal ? 130 : (status ?? 1)))
}
