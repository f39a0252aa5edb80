/** The back door of the sandbox: edits as by a person, faults to order, the clock, and the log of what was written. */
import { complete, defaults, newLead } from "./behaviour.ts"
import { OdooFault } from "./fault.ts"
import { methodOf } from "./methods.ts"
import { create, read, search, unlink, write, writeColumns } from "./orm.ts"
import { bind } from "./protocol.ts"
import type { Core, LoggedWrite } from "./sandbox.ts"
import type { Environment } from "./environment.ts"
import type { SandboxSettings } from "./settings.ts"
import type { Transaction } from "./store.ts"
import { datetimeLiteral } from "./time.ts"
import { troubleFrom } from "./trouble.ts"
import type { Json, JsonObject, Value, WebhookPost } from "./wire.ts"

export interface Backdoor {
  /** Rows with their ids, as if they had always been there: no rule fires, nothing is logged. Returns how many. */
  readonly seed: (model: string, rows: ReadonlyArray<JsonObject>) => number
  /** An edit as by a person; makes the row where `id` is absent or unknown. With `tx` it waits for that transaction's commit. */
  readonly put: (edit: {
    readonly model: string
    readonly id?: number
    readonly vals: JsonObject
    readonly tx?: string
  }) => Promise<number>
  /** A method as a person's button press calls it. */
  readonly press: (model: string, method: string, ids: ReadonlyArray<number>, args?: JsonObject) => Promise<void>
  readonly get: (model: string, id: number) => JsonObject | undefined
  /** As `get`, for whoever only looks on: no transaction is begun, so that what comes after is as if nobody had looked. */
  readonly peek: (model: string, id: number) => JsonObject | undefined
  readonly list: (model: string, domain?: Json) => ReadonlyArray<JsonObject>
  readonly unlink: (model: string, ids: ReadonlyArray<number>) => Promise<void>
  /** The merge wizard: what pointed to a loser points to the winner, the losers are deleted, and no pointer is left. */
  readonly merge: (model: string, winner: number, losers: ReadonlyArray<number>) => Promise<void>
  /** Opens a long transaction: its writes carry this moment and show when it is committed. */
  readonly begin: () => string
  readonly commit: (tx: string) => Promise<void>
  readonly failNext: (trouble: JsonObject) => void
  readonly advance: (ms: number) => void
  readonly settings: (change: JsonObject) => SandboxSettings
  readonly log: () => ReadonlyArray<LoggedWrite>
  readonly writes: () => { readonly total: number; readonly byModel: JsonObject; readonly byMethod: JsonObject }
  readonly posts: () => ReadonlyArray<WebhookPost>
  readonly externalIds: (model: string, id: number) => ReadonlyArray<string>
  /** The same by name, for `POST /__sandbox__/<operation>`; undefined for an unknown operation. */
  readonly call: (operation: string, body: JsonObject) => Promise<unknown>
}

const person = 1
const attempts = 5

/** What the wizards leave to the winner; a lead's probability follows from its stage. */
const UNMERGED = ["id", "parent_id", "create_date", "write_date", "probability", "automated_probability"]

/** Odoo has no empty number: the wizards take the first that is not 0. */
const isNothing = (value: Value | undefined): boolean =>
  value === undefined || value === null || value === false || value === 0 || value === ""

/** Filled from a loser where the winner is empty, as the wizard does. */
const mergedColumns = (winner: Readonly<Record<string, Value>>, loser: Readonly<Record<string, Value>>) =>
  Object.fromEntries(
    Object.entries(loser).filter(
      ([name, value]) => !isNothing(value) && isNothing(winner[name]) && !UNMERGED.includes(name),
    ),
  )

export const makeBackdoor = (core: Core, change: (settings: JsonObject) => void): Backdoor => {
  const open = new Map<string, Transaction>()

  /** A person's edit that meets another transaction is tried again by the server, as any other call is. */
  const edit = async <A>(change: (env: Environment) => A, tx?: string): Promise<A> => {
    const long = tx === undefined ? undefined : open.get(tx)
    if (tx !== undefined && long === undefined) throw new Error(`no open transaction ${tx}`)
    for (let attempt = 1; ; attempt++) {
      const env = core.environment(long ?? core.begin(), {}, person)
      const result = change(env)
      if (long !== undefined) return result
      if (core.version === 17) await core.deliver(env)
      try {
        env.tx.commit()
      } catch (error) {
        if (error instanceof OdooFault && error.kind === "SerializationFailure" && attempt < attempts) continue
        throw error
      }
      if (core.version === 19) await core.deliver(env)
      return result
    }
  }

  const seed: Backdoor["seed"] = (model, rows) => {
    const tx = core.begin()
    const env = core.environment(tx, {}, person)
    const described = core.schema.get(model)
    if (described === undefined) throw new Error(`no model ${model}`)
    const table = core.database.table(model)
    for (const given of rows) {
      const id = typeof given["id"] === "number" ? given["id"] : table.nextId
      const row = { ...given } as Record<string, Value>
      for (const [name, value] of Object.entries(given))
        if (typeof value === "string" && described.fields.get(name)?.type === "datetime")
          row[name] = datetimeLiteral(value, core.version)
      const written = row["write_date"]
      const at = typeof written === "number" ? written : tx.startedAt
      const full = { ...defaults(env, described), ...row, id }
      table.set(
        id,
        complete(env, model, {
          ...(model === "crm.lead" ? { ...newLead(env, full), ...row } : full),
          id,
          write_date: at,
          create_date: at,
          write_uid: person,
          create_uid: person,
        }),
      )
      if (model === "ir.model.data") core.database.index(undefined, table.rows.get(id))
    }
    return rows.length
  }

  const show = (env: Environment, model: string, id: number): JsonObject | undefined => {
    const fields = [...(core.schema.get(model)?.fields ?? [])]
      .filter(([, field]) => field.type !== "binary")
      .map(([name]) => name)
    return read({ ...env, settings: { ...env.settings, denied: {}, hidden: {} } }, model, [id], fields, false)[0]
  }

  const viewing = (tx = core.begin()) => core.environment(tx, { active_test: false }, person)

  const counted = (key: (write: LoggedWrite) => string): JsonObject => {
    const counts: Record<string, number> = {}
    for (const each of core.written) counts[key(each)] = (counts[key(each)] ?? 0) + 1
    return counts
  }

  const backdoor: Backdoor = {
    seed,
    put: ({ model, id, vals, tx }) =>
      edit((env) => {
        if (id === undefined || env.tx.get(model, id) === undefined) return create(env, model, vals, id)
        write(env, model, [id], vals)
        return id
      }, tx),
    press: (model, name, ids, args = {}) =>
      edit((env) => {
        const method = methodOf(env, model, name)
        const bound = bind(method, {
          model,
          method: name,
          positional: [[...ids]],
          named: args,
          context: {},
          uid: person,
        })
        method.run({ env, model, ids: bound.ids, args: bound.args })
      }),
    get: (model, id) => show(viewing(), model, id),
    peek: (model, id) => show(viewing(core.look()), model, id),
    list: (model, domain) => {
      const env = viewing()
      return search(env, model, domain ?? [], { offset: 0, limit: undefined, order: "id" })
        .map((id) => show(env, model, id))
        .filter((row) => row !== undefined)
    },
    unlink: (model, ids) => edit((env) => unlink(env, model, ids)),
    merge: (model, winner, losers) =>
      edit((env) => {
        for (const loser of losers) {
          const from = env.tx.get(model, loser)
          const into = env.tx.get(model, winner)
          if (from === undefined || into === undefined)
            throw new OdooFault("MissingError", "Record does not exist or has been deleted.")
          for (const [other, column] of [
            ["res.partner", "parent_id"],
            ["crm.lead", "partner_id"],
          ] as const)
            if (model === "res.partner")
              writeColumns(env, other, env.tx.having(other, column, loser), { [column]: winner })
          for (const other of ["mail.message", "mail.activity"])
            for (const id of env.tx.having(other, "res_id", loser))
              if (env.tx.get(other, id)?.[other === "mail.message" ? "model" : "res_model"] === model)
                env.tx.put(other, { ...env.tx.get(other, id), res_id: winner })
          // External ids follow: a later import under the loser's name writes the winner.
          for (const name of env.tx.externalIdsOf(model, loser)) {
            const data = env.tx.externalId(name)
            if (data !== undefined) env.tx.put("ir.model.data", { ...data, res_id: winner })
          }
          const columns = mergedColumns(into, from)
          env.tx.delete(model, loser)
          env.hooks.push({ model, event: "unlink", row: from })
          writeColumns(env, model, [winner], columns)
        }
      }),
    begin: () => {
      const tx = core.begin()
      const name = `tx${tx.startedAt}`
      open.set(name, tx)
      return name
    },
    commit: async (name) => {
      const tx = open.get(name)
      if (tx === undefined) throw new Error(`no open transaction ${name}`)
      tx.commit()
      open.delete(name)
    },
    failNext: (trouble) => void core.orders.push(troubleFrom(trouble)),
    advance: (ms) => {
      core.ahead += ms
    },
    settings: (settings) => {
      change(settings)
      return core.settings
    },
    log: () => core.written,
    writes: () => ({
      total: core.written.length,
      byModel: counted((each) => each.model),
      byMethod: counted((each) => each.method),
    }),
    posts: () => core.posts,
    externalIds: (model, id) => core.database.externalIdsOf.get(`${model},${id}`) ?? [],
    call: async (operation, body) => {
      const model = String(body["model"] ?? "")
      const ids = Array.isArray(body["ids"]) ? body["ids"].map(Number) : []
      switch (operation) {
        case "seed":
          return { seeded: seed(model, body["rows"] as ReadonlyArray<JsonObject>) }
        case "put":
          return {
            id: await backdoor.put({
              model,
              vals: (body["vals"] ?? {}) as JsonObject,
              ...(typeof body["id"] === "number" ? { id: body["id"] } : {}),
              ...(typeof body["tx"] === "string" ? { tx: body["tx"] } : {}),
            }),
          }
        case "press":
          await backdoor.press(model, String(body["method"]), ids, (body["args"] ?? {}) as JsonObject)
          return {}
        case "get":
          return { row: backdoor.get(model, Number(body["id"])) ?? null }
        case "list":
          return { rows: backdoor.list(model, body["domain"]) }
        case "unlink":
          await backdoor.unlink(model, ids)
          return {}
        case "merge":
          await backdoor.merge(model, Number(body["winner"]), (body["losers"] as ReadonlyArray<number>).map(Number))
          return {}
        case "begin":
          return { tx: backdoor.begin() }
        case "commit":
          await backdoor.commit(String(body["tx"]))
          return {}
        case "failNext":
          backdoor.failNext(body)
          return {}
        case "advance":
          backdoor.advance(Number(body["ms"]))
          return {}
        case "settings":
          return backdoor.settings(body)
        case "log":
          return { writes: core.written }
        case "writes":
          return backdoor.writes()
        case "posts":
          return { posts: core.posts }
        default:
          return undefined
      }
    },
  }
  return backdoor
}
