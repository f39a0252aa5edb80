/** What an Odoo database says of itself: fields, teams as pipelines with their stages, users as owners, lists, currency. */
import type { JsonObject } from "@concordat/model/json"
import type { Metadata } from "@concordat/model/metadata"
import * as Effect from "effect/Effect"
import type { ActivityType, Catalog, Columns, CrmStage } from "./catalog.ts"
import { asProviderError, type CallError } from "./errors.ts"
import { derived, objects } from "./objects.ts"
import type { Rpc } from "./rpc.ts"

type Fields = Metadata["fields"][string]

const relational = new Set(["many2one", "many2many", "one2many"])

const fieldsOf = (object: string, columns: Columns): Fields => {
  const fields: Record<string, Fields[string]> = {}
  for (const [name, column] of columns) {
    if (column.type === "binary") continue
    const described = {
      type: column.type,
      label: column.string,
      ...(column.readonly ? { readOnly: true } : {}),
      ...(column.required ? { required: true } : {}),
      ...(column.selection.length === 0
        ? {}
        : { options: column.selection.map(([value, label]) => ({ value, label })) }),
    }
    fields[name] = described
    // Every relation can also be had as an association, by object and id.
    if (relational.has(column.type)) fields[`@${name}`] = { ...described, type: "association" }
  }
  if (objects[object]?.record !== null)
    fields["@record"] = { type: "association", label: "Related record", required: true }
  if (object === "calendar.event") fields["@guests"] = { type: "association", label: "Guests" }
  for (const [name, { type, options, readOnly }] of Object.entries(derived[object] ?? {}))
    fields[name] = {
      type,
      ...(readOnly === true ? { readOnly } : {}),
      ...(options === undefined ? {} : { options: options.map((value) => ({ value, label: value })) }),
    }
  return fields
}

const stageFor = (team: number) => (stage: CrmStage) => stage.teams.length === 0 || stage.teams.includes(team)

/** A model that is not installed, or that the user may not read, has nothing to say. */
const saysNothing = (error: CallError): boolean => {
  if (error._tag === "ProviderError") return error.reason._tag === "Forbidden"
  const { reason } = asProviderError("metadata", false)(error)
  return reason._tag === "Forbidden" || reason._tag === "RequestRefused"
}

const orNone = <A>(none: A, asked: Effect.Effect<A, CallError>): Effect.Effect<A, CallError> =>
  Effect.catchIf(asked, saysNothing, () => Effect.succeed(none))

type Rows = ReadonlyArray<JsonObject>

export const makeMetadata = (rpc: Rpc, catalog: Catalog) => {
  const list = (model: string, fields: ReadonlyArray<string>) => orNone<Rows>([], catalog.all(model, fields))

  const named = (rows: Rows, column: string) =>
    Object.fromEntries(rows.map((row) => [String(row["id"]), String(row[column])]))

  return Effect.gen(function* () {
    // What is asked now is what is so now.
    catalog.forget()
    const { version } = yield* rpc.session
    const fields: Record<string, Fields> = {}
    for (const object of Object.keys(objects)) {
      const columns = yield* orNone<Columns>(new Map(), catalog.columns(object))
      if (columns.size > 0) fields[object] = fieldsOf(object, columns)
    }
    const stages = yield* orNone<ReadonlyArray<CrmStage>>([], catalog.stages)
    const teams = yield* list("crm.team", ["name", "active"])
    const users = yield* list("res.users", ["name", "login", "email", "active", "share"])
    const currencies = yield* list("res.currency", ["name", "active"])
    const companies = yield* list("res.company", ["currency_id"])
    const types = yield* orNone<ReadonlyArray<ActivityType>>([], catalog.activityTypes)
    const names = named(currencies, "name")
    const home = rpc.settings.companies[0]
    const company = companies.find((row) => row["id"] === home) ?? companies[0]
    return {
      fields,
      pipelines: teams.map((team) => ({
        object: "crm.lead",
        id: String(team["id"]),
        label: String(team["name"]),
        stages: stages.filter(stageFor(Number(team["id"]))).map(({ id, name, won }) => ({
          id: String(id),
          label: name,
          // Lost is no stage in Odoo: it is an archived lead.
          closed: won ? ("won" as const) : null,
        })),
      })),
      owners: users
        .filter((user) => user["share"] !== true)
        .map((user) => {
          const email = [user["email"], user["login"]].find((each) => typeof each === "string" && each.includes("@"))
          return {
            id: String(user["id"]),
            email: typeof email === "string" ? email : null,
            name: String(user["name"]),
            active: user["active"] === true,
          }
        }),
      lookups: {
        countries: named(yield* list("res.country", ["code"]), "code"),
        currencies: names,
        lostReasons: named(yield* list("crm.lost.reason", ["name"]), "name"),
        activityTypes: Object.fromEntries(types.map(({ id, kind }) => [String(id), kind])),
      },
      currency: names[String(company?.["currency_id"])] ?? null,
      version: `${version}.0`,
    } satisfies Metadata
  }).pipe(Effect.mapError(asProviderError("metadata", false)), Effect.withSpan("odoo.metadata"))
}
