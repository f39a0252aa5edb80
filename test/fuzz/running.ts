/**
 * A whole Concordat before systems that answer nonsense now and then, while a person edits: it goes on, and once they speak the
 * truth again what is new in one gets to the other.
 */
import { ask } from "@concordat/engine/operations/requests"
import { status } from "@concordat/engine/operations/status"
import type { Backdoor } from "@concordat/providers/hubspot/sandbox/backdoor"
import type { Database } from "@concordat/providers/odoo/testing/database"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { type Engine, leaksIn, startEngine, TENANT } from "./engine.ts"
import { CANARY, changes } from "./hostile.ts"
import { lie, type Liar, type Lie, startLiar } from "./liar.ts"
import type { Target } from "./target.ts"

export interface Systems {
  readonly hubspot: { readonly url: string; readonly backdoor: Pick<Backdoor, "put" | "list"> }
  readonly odoo: Pick<Database, "url" | "rpc">
}

const CONNECTIONS = ["app", "hubspot", "odoo"] as const
/** A lie that nobody asked for within this time was told to a connection that waits for its provider. */
const HEARD_MS = 1_000
const LOOK_MS = 100
const LOG_SHOWN = 4_000
/** After the last lie: outages are waited out, and walks that failed are tried again after a minute. */
const AGREEMENT_MS = 240_000
const TRUTH: Lie = { torn: { _tag: "Whole" }, status: null, header: null, length: null, again: false }

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const asked = <A, E>(
  engine: Engine,
  effect: Effect.Effect<A, E, Effect.Services<ReturnType<typeof ask>>>,
): Promise<A> => Effect.runPromise(Effect.provideContext(effect, engine.concordat.stores))

/** What an operator would look at first where nothing comes. */
const standing = async (engine: Engine): Promise<string> => {
  const { behind, connections } = await asked(engine, status(TENANT))
  const workers = await Promise.all(
    CONNECTIONS.map(async (connection) => {
      const at = engine.concordat.connections.running(TENANT, connection)
      return [connection, at === undefined ? null : await Effect.runPromise(at.handle.view)]
    }),
  )
  return JSON.stringify({ behind, connections, workers, now: Date.now() })
}

const until = async (engine: Engine, what: string, ms: number, holds: () => Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + ms; !(await holds()); await sleep(LOOK_MS))
    if (Date.now() > end)
      throw new Error(
        `not within ${ms / 1_000} s: ${what}; ${await standing(engine)}; ${engine.log().slice(-LOG_SHOWN)}`,
      )
}

/** Whoever looks after it takes back what the lies have paused. */
const resume = async (engine: Engine): Promise<void> => {
  const now = await asked(engine, status(TENANT))
  for (const { connection, paused } of now.connections)
    if (paused.length > 0) await asked(engine, ask(TENANT, { _tag: "ResumeRequested", connection, by: "the fuzzer" }))
}

export const running = async (systems: Systems): Promise<Target & { readonly close: () => Promise<void> }> => {
  const liars = { hubspot: await startLiar(systems.hubspot.url), odoo: await startLiar(systems.odoo.url) }
  const engine = await startEngine({ hubspot: liars.hubspot.url, odoo: liars.odoo.url })
  // Nothing is known of a tenant before its first connection is.
  const known = Effect.catchTag(status(TENANT), "NotFound", () => Effect.succeed({ connections: [] }))
  const isKnown = async (): Promise<boolean> => (await asked(engine, known)).connections.length === CONNECTIONS.length
  await until(engine, "each connection is known to its tenant", AGREEMENT_MS, isKnown)
  for (const connection of CONNECTIONS)
    await asked(engine, ask(TENANT, { _tag: "ArmRequested", connection, by: "the fuzzer", writesPerHour: null }))
  const { backdoor } = systems.hubspot
  let edits = 0
  /** An edit gives the worker something to read, and the other one something to write. */
  const edit = (): void => {
    const all = backdoor.list("contacts")
    const one = all[edits % all.length]
    edits += 1
    if (one !== undefined)
      backdoor.put({ object: "contacts", id: one.id, properties: { jobtitle: `${CANARY} ${edits}` } })
  }
  const wake = async (): Promise<void> => {
    for (const connection of CONNECTIONS) {
      const at = engine.concordat.connections.running(TENANT, connection)
      if (at !== undefined) await Effect.runPromise(at.handle.wake)
    }
  }
  const heard = async (liar: Liar): Promise<void> => {
    const before = liar.lies()
    for (const end = Date.now() + HEARD_MS; liar.lies() === before && Date.now() < end;) await sleep(10)
  }

  const one = fc.record({
    to: fc.constantFrom("hubspot", "odoo"),
    honest: fc.nat(3),
    lies: fc.integer({ min: 1, max: 3 }),
    changes: fc.oneof(changes, fc.constant([])),
    lie,
  })
  return {
    name: "answers to what runs",
    property: fc.asyncProperty(one, async ({ changes, honest, lie, lies, to }) => {
      const liar = liars[to as keyof typeof liars]
      liar.tell({ honest, lies, changes, lie })
      edit()
      await wake()
      await heard(liar)
      await resume(engine)
    }) as unknown as Target["property"],
    afterwards: async () => {
      for (const liar of Object.values(liars)) liar.tell({ honest: 0, lies: 0, changes: [], lie: TRUTH })
      const email = "afterwards@acme.example"
      backdoor.put({ object: "contacts", properties: { email, firstname: "Grace", lastname: "Hopper" } })
      await until(engine, "a new person of HubSpot's is in Odoo", AGREEMENT_MS, async () => {
        await resume(engine)
        const { result } = await systems.odoo.rpc("res.partner", "search_count", [[["email", "=", email]]])
        return result === 1
      })
      const back = "back@acme.example"
      await systems.odoo.rpc("res.partner", "create", [{ name: "Mary Somerville", email: back }])
      await until(engine, "a new person of Odoo's is in HubSpot", AGREEMENT_MS, async () => {
        await resume(engine)
        return backdoor.list("contacts").filter(({ properties }) => properties["email"] === back).length === 1
      })
      const faults = [...engine.faults(), ...leaksIn(engine.log())]
      if (faults.length > 0) throw new Error(faults.join("; "))
    },
    close: async () => {
      await engine.stop()
      for (const liar of Object.values(liars)) await liar.close()
    },
  }
}
