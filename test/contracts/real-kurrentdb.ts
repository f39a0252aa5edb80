/** A real KurrentDB or EventStoreDB for the contract: the one that is named, or a container, or the reason for none. */
import { execFileSync } from "node:child_process"

/** The image of docker-compose.yml; another one, of an older server say, by KURRENTDB_IMAGE. */
const IMAGE = process.env["KURRENTDB_IMAGE"] ?? "kurrentplatform/kurrentdb:25.1.3"
const START_MS = 120_000

export type RealServer =
  | { readonly _tag: "Given"; readonly connectionString: string }
  | { readonly _tag: "Container"; readonly start: typeof start }
  | { readonly _tag: "None"; readonly reason: string }

const docker = (...args: ReadonlyArray<string>): string =>
  execFileSync("docker", args, { encoding: "utf8", timeout: START_MS, stdio: ["ignore", "pipe", "ignore"] }).trim()

const answers = (): boolean => {
  try {
    return (
      execFileSync("docker", ["info", "--format", "{{.ServerVersion}}"], {
        encoding: "utf8",
        timeout: 5_000,
        stdio: ["ignore", "pipe", "ignore"],
      }).trim() !== ""
    )
  } catch {
    return false
  }
}

/** Once it answers; a container that does not is stopped, with its last words in the error. */
const ready = async (id: string, address: string): Promise<void> => {
  const until = Date.now() + START_MS
  while (Date.now() < until) {
    const response = await fetch(`http://${address}/health/live`).catch(() => null)
    if (response?.ok === true) return
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  const words = docker("logs", "--tail", "5", id)
  docker("stop", "--time", "2", id)
  throw new Error(`${IMAGE} did not answer within ${START_MS} ms: ${words}`)
}

/** In memory, not encrypted, on a free port of this machine alone. */
const start = async () => {
  const id = docker("run", "--detach", "--rm", "--publish", "127.0.0.1::2113", IMAGE, "--insecure", "--mem-db")
  const [address = ""] = docker("port", id, "2113/tcp").split("\n")
  await ready(id, address)
  const stop = () => void docker("stop", "--time", "2", id)
  return { connectionString: `kurrentdb://${address}?tls=false`, stop }
}

export const realServer = (): RealServer => {
  const given = process.env["KURRENTDB_URL"]
  if (given !== undefined && given !== "") return { _tag: "Given", connectionString: given }
  if (answers()) return { _tag: "Container", start }
  return { _tag: "None", reason: "KURRENTDB_URL is not set, and Docker does not answer" }
}
