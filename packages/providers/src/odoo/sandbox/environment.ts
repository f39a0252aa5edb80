/** What a call runs in: a transaction, a user, a context, and the marks that automation rules take from it. */
import { OdooFault } from "./fault.ts"
import type { Field, Model, Version } from "./schema.ts"
import type { SandboxSettings } from "./settings.ts"
import type { Database, Transaction } from "./store.ts"
import type { JsonObject, Row } from "./wire.ts"

export interface Hook {
  readonly model: string
  readonly event: "create" | "write" | "unlink"
  readonly row: Row
}

export interface Environment {
  readonly version: Version
  readonly schema: Map<string, Model>
  readonly database: Database
  readonly tx: Transaction
  readonly context: JsonObject
  readonly uid: number
  readonly settings: SandboxSettings
  /** In the order in which the rules would fire. */
  readonly hooks: Array<Hook>
}

export const modelOf = (env: Environment, name: string): Model => {
  const found = env.schema.get(name)
  if (found === undefined) throw new OdooFault("UserError", `Object ${name} doesn't exist`)
  return found
}

export const fieldOf = (model: Model, name: string): Field => {
  const found = model.fields.get(name)
  if (found === undefined) throw new OdooFault("ValueError", `Invalid field '${name}' on model '${model.name}'`)
  return found
}

export type Operation = "read" | "write" | "create" | "unlink"

const verbs: Record<Operation, string> = {
  read: "access",
  write: "modify",
  create: "create",
  unlink: "delete",
}

/** The access list of a model: one refused operation refuses the whole call. */
export const checkAccess = (env: Environment, model: Model, operation: Operation): void => {
  if (env.settings.denied[model.name]?.includes(operation) === true)
    throw new OdooFault(
      "AccessError",
      `You are not allowed to ${verbs[operation]} '${model.label}' (${model.name}) records.`,
    )
}

export const isHidden = (env: Environment, model: string, id: number): boolean =>
  env.settings.hidden[model]?.includes(id) === true

/** Record rules: searches leave hidden rows out, but naming one by id fails for all. */
export const checkRules = (env: Environment, model: Model, ids: ReadonlyArray<number>, operation: Operation): void => {
  const hidden = ids.filter((id) => isHidden(env, model.name, id) && env.tx.get(model.name, id) !== undefined)
  if (hidden.length > 0)
    throw new OdooFault(
      "AccessError",
      `Uh-oh! Looks like you have stumbled upon some top-secret records.\n\nSorry, Administrator (id=${env.uid}) doesn't have '${operation}' access to:\n- ${model.label} (${model.name})`,
    )
}

export const missing = (model: Model, ids: ReadonlyArray<number>, uid: number): OdooFault =>
  new OdooFault(
    "MissingError",
    `Record does not exist or has been deleted.\n(Record: ${model.name}(${ids.join(", ")},), User: ${uid})`,
  )
