import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { hostname } from "node:os"
import { addressOf, type Environment, readProduction } from "./environment.ts"

const STORES = {
  KURRENTDB_URL: "kurrentdb://ada:first-secret@journal:2113?tls=true",
  NATS_URL: "nats://ada:second-secret@bus:4222",
  POSTGRES_URL: "postgres://ada:third-secret@state:5432/concordat",
}
const read = (given: Environment) => readProduction({ ...STORES, ...given })
const faultsOf = (given: Environment) => Effect.map(Effect.flip(readProduction(given)), ({ faults }) => faults)

describe("the environment of the services", () => {
  it.effect("names the three stores; the rest has a default", () =>
    Effect.gen(function* () {
      const { journal, bus, state, ...rest } = yield* read({})
      assert.deepStrictEqual([journal, bus, state].map(Redacted.value), [
        STORES.KURRENTDB_URL,
        STORES.NATS_URL,
        STORES.POSTGRES_URL,
      ])
      assert.deepStrictEqual(rest, { replicas: 1, port: null, address: null })
    }),
  )

  it.effect("says replicas, port and address", () =>
    Effect.gen(function* () {
      const { address, port, replicas } = yield* read({
        NATS_REPLICAS: "3",
        CONCORDAT_PORT: "0",
        CONCORDAT_ADDRESS: "http://connector-1:8080",
      })
      assert.deepStrictEqual([replicas, port, address], [3, 0, "http://connector-1:8080"])
      // As a compose file has it where nothing is given.
      const empty = yield* read({ CONCORDAT_PORT: "", CONCORDAT_ADDRESS: "", NATS_REPLICAS: "" })
      assert.deepStrictEqual([empty.replicas, empty.port, empty.address], [1, null, null])
    }),
  )

  it.effect("is told every fault at once", () =>
    Effect.gen(function* () {
      const faults = yield* faultsOf({
        KURRENTDB_URL: "",
        NATS_REPLICAS: "2",
        CONCORDAT_PORT: "65536",
        CONCORDAT_ADDRESS: "connector-1:8080",
      })
      assert.deepStrictEqual(
        faults.map((fault) => fault.slice(0, fault.indexOf(":"))),
        [
          "KURRENTDB_URL is not set",
          "NATS_URL is not set",
          "POSTGRES_URL is not set",
          'NATS_REPLICAS is "2"',
          'CONCORDAT_PORT is "65536"',
          'CONCORDAT_ADDRESS is "connector-1',
        ],
      )
      const { message } = yield* Effect.flip(readProduction({}))
      assert.match(message, /^the environment is not complete:\n {2}KURRENTDB_URL is not set: the journal's connection/)
    }),
  )

  it.effect("takes no port that is none, and no address that other services can't ask", () =>
    Effect.gen(function* () {
      for (const port of ["-1", "80a", "123456", " 80", "8.5"])
        assert.lengthOf(yield* faultsOf({ ...STORES, CONCORDAT_PORT: port }), 1, port)
      // Paths are added to it, and a | ends it in the name of an owner.
      for (const address of ["http://", "ftp://a", "http://a/", "http://a/b", "http://a|b", "http://a?b", "http://a#b"])
        assert.lengthOf(yield* faultsOf({ ...STORES, CONCORDAT_ADDRESS: address }), 1, address)
    }),
  )

  it.effect("shows no password, whatever is wrong", () =>
    Effect.gen(function* () {
      const failed = yield* Effect.flip(read({ NATS_REPLICAS: "many" }))
      const shown = `${failed.message} ${JSON.stringify(failed)} ${String(yield* read({}))} ${JSON.stringify(yield* read({}))}`
      assert.notInclude(shown, "secret")
    }),
  )

  it.effect("leaves the address to the host's name and the port that was taken", () =>
    Effect.gen(function* () {
      assert.strictEqual(addressOf(yield* read({}), 4_711), `http://${hostname()}:4711`)
      assert.strictEqual(addressOf(yield* read({ CONCORDAT_ADDRESS: "https://a:1" }), 4_711), "https://a:1")
    }),
  )
})
