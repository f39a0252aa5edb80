/** What the services of the production layout are told by their environment: where the stores are, and where they are. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { hostname } from "node:os"

export interface Production {
  readonly journal: Redacted.Redacted
  readonly bus: Redacted.Redacted
  /** Copies of NATS' stream. */
  readonly replicas: 1 | 3 | 5
  readonly state: Redacted.Redacted
  /** In place of the configuration's port; null: that one. 0: any free one. */
  readonly port: number | null
  /** How the other services reach this one, without a slash at its end; null: `http://hostname:port`. */
  readonly address: string | null
}

export type Environment = Readonly<Record<string, string | undefined>>

export class EnvironmentInvalid extends Schema.TaggedError<EnvironmentInvalid>()("EnvironmentInvalid", {
  faults: Schema.Array(Schema.String),
}) {
  override get message(): string {
    return ["the environment is not complete:", ...this.faults.map((fault) => `  ${fault}`)].join("\n")
  }
}

const STORES = {
  KURRENTDB_URL: "the journal's connection string, such as kurrentdb://user:password@host:2113?tls=true",
  NATS_URL: "the bus's address, such as nats://host:4222",
  POSTGRES_URL: "the state's address, such as postgres://user:password@host:5432/concordat",
} as const

/** Fails with every fault at once. No value is shown: addresses hold passwords. */
export const readProduction = (environment: Environment): Effect.Effect<Production, EnvironmentInvalid> =>
  Effect.suspend(() => {
    const faults: Array<string> = []
    const store = (name: keyof typeof STORES): Redacted.Redacted => {
      const value = environment[name] ?? ""
      if (value === "") faults.push(`${name} is not set: ${STORES[name]}`)
      return Redacted.make(value)
    }
    const [journal, bus, state] = [store("KURRENTDB_URL"), store("NATS_URL"), store("POSTGRES_URL")]
    // A compose file that passes on what is not given gives an empty text.
    const given = environment["NATS_REPLICAS"] ?? ""
    const replicas = given === "" ? "1" : given
    if (!["1", "3", "5"].includes(replicas))
      faults.push(`NATS_REPLICAS is ${JSON.stringify(replicas)}: 1, or in a cluster 3 or 5`)
    const port = environment["CONCORDAT_PORT"] ?? ""
    if (port !== "" && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535))
      faults.push(`CONCORDAT_PORT is ${JSON.stringify(port)}: a number from 0 to 65535`)
    const address = environment["CONCORDAT_ADDRESS"] ?? ""
    if (address !== "" && !/^https?:\/\/[^/|?#]+$/.test(address))
      faults.push(
        `CONCORDAT_ADDRESS is ${JSON.stringify(address)}: how other services reach this one, such as http://connector-1:8080`,
      )
    if (faults.length > 0) return Effect.fail(new EnvironmentInvalid({ faults }))
    return Effect.succeed({
      journal,
      bus,
      replicas: Number(replicas) as Production["replicas"],
      state,
      port: port === "" ? null : Number(port),
      address: address === "" ? null : address,
    })
  })

/** The address of a process whose environment names none. */
export const addressOf = (production: Production, port: number): string =>
  production.address ?? `http://${hostname()}:${port}`
