/** `docker-compose.yml` as the clients read it that answer on this machine: Compose 2 (`docker compose`) and docker-compose 1.29. */
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { parse } from "yaml"

const root = join(import.meta.dirname, "..")
const CLIENTS: ReadonlyArray<ReadonlyArray<string>> = [["docker", "compose"], ["docker-compose"]]

/** Nothing of the machine's own settings, but where programs are. */
const environment = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" }
const run = ([program = "", ...first]: ReadonlyArray<string>, ...rest: ReadonlyArray<string>): string =>
  execFileSync(program, [...first, ...rest], {
    cwd: root,
    encoding: "utf8",
    timeout: 60_000,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  })
const answers = (client: ReadonlyArray<string>): boolean => {
  try {
    return run(client, "version").trim() !== ""
  } catch {
    return false
  }
}

interface Service {
  readonly command?: ReadonlyArray<string> | null
  readonly image?: string
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
}
const servicesOf = (client: ReadonlyArray<string>, profile: string): Readonly<Record<string, Service>> =>
  (parse(run(client, "--profile", profile, "config")) as { readonly services: Readonly<Record<string, Service>> })
    .services

const STORES = ["kurrentdb-1", "kurrentdb-2", "kurrentdb-3", "nats-1", "nats-2", "nats-3", "postgres"]

for (const client of CLIENTS) {
  const name = client.join(" ")
  const reason = answers(client) ? "" : ": skipped, it does not answer here"
  describe.skipIf(reason !== "")(`${name} config${reason}`, () => {
    it("takes both profiles", () => {
      for (const profile of ["development", "production"]) run(client, "--profile", profile, "config", "--quiet")
    })

    it("has the stores, and four services whose programs are there and which wait for what they need", () => {
      const services = servicesOf(client, "production")
      assert.includeMembers(Object.keys(services), [...STORES, "prometheus", "grafana"])
      const ours = Object.entries(services).filter(([, { image }]) => image === "concordat")
      const programs = new Set<string>()
      for (const [service, { command, depends_on: needs }] of ours) {
        const [program = ""] = command ?? []
        assert.isTrue(existsSync(join(root, program)), `${service}: ${program}`)
        programs.add(program)
        assert.includeMembers(Object.keys(needs ?? {}), ["postgres", "kurrentdb-1", "nats-1"], service)
      }
      assert.sameMembers(
        [...programs],
        ["ingester", "connector", "reconciler", "api"].map((service) => `services/${service}/src/main.ts`),
      )
    })
  })
}

describe("the image", () => {
  it("has the Node that the workspace is installed for", () => {
    const { nodeVersion } = parse(readFileSync(join(root, "pnpm-workspace.yaml"), "utf8")) as { nodeVersion: string }
    const bases = [...readFileSync(join(root, "deploy/Dockerfile"), "utf8").matchAll(/^FROM node:([\d.]+)-/gm)]
    assert.deepStrictEqual(
      bases.map(([, version]) => version),
      [nodeVersion, nodeVersion],
    )
  })
})
