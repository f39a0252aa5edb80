/** What most tests of the core begin with: an app and two CRMs that hold people, deals and what is written there. */
import { clear } from "@concordat/model/events/envelope"
import type { JsonObject } from "@concordat/model/json"
import { assert } from "vitest"
import { EDITION } from "../src/edition.ts"
import type { Policy } from "../src/reconcile/context.ts"
import { Core, policyOf } from "./core.ts"
import { lens, mapping, objectMapping, type LensOptions } from "./lenses.ts"

export const ada = {
  email: "ada@lovelace.org",
  phone: null,
  firstName: "Ada",
  lastName: "Lovelace",
  title: "Countess",
  otherEmails: [] as ReadonlyArray<string>,
}
export const bertha = { ...ada, email: "bertha@benz.de", firstName: "Bertha", lastName: "Benz", title: "Driver" }

const PERSON = ["email", "phone", "name", "title", "otherEmails", "company"]
const FIRM = ["name", "domain"]
const DEAL = ["title", "money", "stage", "contacts", "company", "closeDate"]
const CALL = ["kind", "subject", "time", "contacts"]

export const everything = (options: Readonly<Record<string, LensOptions>> = {}) =>
  mapping(
    objectMapping(
      "firm",
      "company",
      FIRM.map((group) => lens("company", group, options[group] ?? {})),
    ),
    objectMapping(
      "person",
      "contact",
      PERSON.map((group) => lens("contact", group, options[group] ?? {})),
    ),
    objectMapping(
      "deal",
      "deal",
      DEAL.map((group) => lens("deal", group, options[group] ?? {})),
    ),
    objectMapping(
      "call",
      "activity",
      CALL.map((group) => lens("activity", group, options[group] ?? {})),
    ),
  )

export interface SceneOptions {
  readonly policy?: Policy
  readonly create?: "never" | "linkOnly" | "afterPlan" | "always"
  readonly crm?: Readonly<Record<string, LensOptions>>
  /** Of the rules; the code's own unless given. */
  readonly edition?: number
}

export const scene = ({
  create = "never",
  crm = {},
  edition = EDITION,
  policy = policyOf(),
}: SceneOptions = {}): Core => {
  const core = new Core({ mappings: { app: everything(), crm: everything(crm), erp: everything() }, policy })
  core.open("app", { isApp: true, create, edition })
  core.open("crm", { create, edition })
  core.open("erp", { create, edition })
  return core
}

/** Writes what is due of an entity (the first, where none is named); the answer carries values, nothing, or never comes. */
export const write = (
  core: Core,
  connection: string,
  at: number,
  answer: "values" | "bare" | "lost" = "bare",
  held?: JsonObject,
  record?: string,
) => {
  const [due] = core.due(connection)
  assert.isDefined(due, `nothing is due in ${connection}`)
  const plan = core.plan(connection, due!.type, due!.id)!
  const common = {
    connection,
    object: plan.object,
    entity: { type: plan.type, id: plan.entity },
    due: plan.due,
    key: `${connection}-${plan.due}`,
    kind: plan.kind,
  }
  core.append(at, {
    _tag: "WriteIntended",
    ...common,
    externalId: plan.id,
    sent: clear({ groups: plan.groups as unknown as JsonObject, values: plan.values }),
  })
  if (answer === "lost") return plan
  core.append(at + 10, {
    _tag: "RecordWritten",
    ...common,
    externalId: plan.id ?? record ?? `${connection}-new`,
    held: answer === "values" ? clear(held ?? plan.values) : null,
    stamp: null,
    adopted: false,
    refused: [],
    attempts: 1,
  })
  return plan
}

/** The provider refuses what is due. */
export const refuse = (
  core: Core,
  connection: string,
  at: number,
  refusal: {
    readonly code: string
    readonly field?: string
    readonly existing?: string
    readonly effect?: "none" | "unknown"
  },
) => {
  const plan = write(core, connection, at, "lost")
  core.append(at + 10, {
    _tag: "WriteRefused",
    connection,
    object: plan.object,
    externalId: plan.id,
    entity: { type: plan.type, id: plan.entity },
    due: plan.due,
    key: `${connection}-${plan.due}`,
    code: refusal.code,
    field: refusal.field ?? null,
    message: `refused: ${refusal.code}`,
    effect: refusal.effect ?? "none",
    existing: refusal.existing ?? null,
    attempts: 5,
  })
  return plan
}

export const gone = (core: Core, connection: string, id: string, at: number, object = "person") =>
  core.append(at, {
    _tag: "RecordGone",
    connection,
    object,
    externalId: id,
    reason: "deleted",
    readStartedAt: at - 1,
  })

export const title = (core: Core): ReadonlyArray<unknown> => core.value("contact", "title")
export const groupsDue = (core: Core, connection: string): ReadonlyArray<ReadonlyArray<string>> =>
  core.due(connection).map((one) => one.due.groups)
