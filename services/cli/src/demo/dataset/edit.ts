/** One edit by a person, in terms of a sandbox's back door: `POST /__sandbox__/{verb}`, and what its answer makes true. */
import type { EntityType } from "@concordat/model/canonical/fields"
import type { System } from "./sizes.ts"
import type { Label } from "./things.ts"
import { type Learnt, learn, recordKey, type Truth } from "./truth.ts"

/** Ids of the records that earlier edits made, by the names they were given. */
export type Made = ReadonlyMap<string, string>

export interface Edit {
  readonly system: System
  readonly label: Label
  /** What is done, for people who watch; says no value. */
  readonly about: string
  readonly verb: string
  /** Arguments of the verb as the sandbox takes them: a list at HubSpot and the app, an object at Odoo. */
  readonly body: (made: Made) => unknown
  /** A record that comes into being: where, what it is, and a name for edits that follow. */
  readonly makes?: {
    readonly object: string
    readonly type: EntityType
    readonly name: string
    readonly subject?: string
  }
  readonly removes?: true
}

/** Where a record is, or (`made`) will be. */
export interface At {
  readonly object: string
  readonly id: string
}

/** The id in an answer: the answer itself (a merge), or its member `id`; throws where there is none. */
export const idIn = (answer: unknown): string => {
  if (typeof answer === "string") return answer
  const id = typeof answer === "object" && answer !== null && "id" in answer ? answer.id : undefined
  if (typeof id === "string" || typeof id === "number") return String(id)
  throw new Error("the sandbox's answer names no record")
}

/** What is known after an edit was made and answered. */
export const afterwards = (
  edit: Edit,
  answer: unknown,
  before: { readonly truth: Truth; readonly made: Made },
): { readonly truth: Truth; readonly made: Made } => {
  const { makes, label, system } = edit
  if (edit.removes) return { ...before, truth: learn(before.truth, { removed: [{ system, label }] }) }
  if (makes === undefined) return before
  const id = idIn(answer)
  const learnt: Learnt = {
    records: { [recordKey(system, makes.object, id)]: { label, type: makes.type } },
    ...(makes.subject === undefined ? {} : { subjects: { [makes.subject]: label } }),
  }
  return { truth: learn(before.truth, learnt), made: new Map([...before.made, [makes.name, id]]) }
}

type Values = Readonly<Record<string, unknown>>

/** What each system calls a change of an existing record. */
const BODY: Readonly<Record<System, (at: At, values: Values) => unknown>> = {
  hubspot: ({ object, id }, properties) => [{ object, id, properties }],
  odoo: ({ object, id }, vals) => ({ model: object, id: Number(id), vals }),
  app: ({ object, id }, values) => [{ object, id, values }],
}

export const change = (system: System, label: Label, about: string, at: At, values: Values): Edit => ({
  system,
  label,
  about,
  verb: "put",
  body: () => BODY[system](at, values),
})

/** What each system calls a new record. */
const NEW: Readonly<Record<System, (object: string, values: Values, to: Values) => unknown>> = {
  hubspot: (object, properties, associations) => [{ object, properties, associations }],
  odoo: (model, vals) => ({ model, vals }),
  app: (object, values) => [{ object, values }],
}

export const create = (
  system: System,
  label: Label,
  about: string,
  makes: NonNullable<Edit["makes"]>,
  values: Values,
  to: Readonly<Record<string, ReadonlyArray<string>>> = {},
): Edit => ({ system, label, about, verb: "put", body: () => NEW[system](makes.object, values, to), makes })

/** Taken out of use; in Odoo that is a change like others. */
export const archive = (system: System, label: Label, at: At): Edit => {
  const about = `${at.object} archived`
  if (system === "odoo") return { ...change(system, label, about, at, { active: false }), removes: true }
  return { system, label, about, verb: "archive", body: () => [at.object, at.id], removes: true }
}

/** A button of Odoo's. */
export const press = (label: Label, about: string, at: At, method: string, args: Values): Edit => ({
  system: "odoo",
  label,
  about,
  verb: "press",
  body: () => ({ model: at.object, method, ids: [Number(at.id)], args }),
})
