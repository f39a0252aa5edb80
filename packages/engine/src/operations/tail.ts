/** The live log of a tenant: what happens in its streams, in order, said in words and without any personal value. */
import { ENTITY_TYPES } from "@concordat/model/canonical/fields"
import { upcast, versionIn } from "@concordat/model/events/stored"
import * as streams from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Journal, type RecordedEvent } from "../ports/Journal.ts"
import { Invalid } from "./failures.ts"
import type { TailEvent } from "./views.ts"

const CATEGORIES = ["delivery", "record", "create", "request", "connection", "decision", ...ENTITY_TYPES] as const

type Data = Readonly<Record<string, unknown>>
const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null)
const object = (value: unknown): Data | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Data) : null
const list = (value: unknown): ReadonlyArray<Data> =>
  Array.isArray(value) ? value.map(object).filter((item) => item !== null) : []

const reference = (value: unknown): string | null => {
  const at = object(value)
  const kind = text(at?.["type"]) ?? text(at?.["object"])
  const id = text(at?.["id"])
  return kind === null || id === null ? null : `${kind}:${id}`
}

/** Names of these members say what happened and nothing of a person; `message` is the provider's and stays out. */
const WORDS = ["kind", "via", "reason", "how", "rule", "group", "code", "effect", "keep", "provider"] as const

const detailOf = (data: Data): string => {
  const words = WORDS.flatMap((name) => {
    const value = text(data[name])
    return value === null ? [] : [name === "kind" || name === "reason" ? value : `${name} ${value}`]
  })
  const changes = list(data["changes"]).flatMap((change) => {
    const rule = text(change["rule"]) ?? ""
    const groups = Array.isArray(change["groups"]) ? change["groups"] : []
    return groups.map((group) => `${text(group) ?? ""} (${change["loser"] === null ? rule : `conflict, ${rule}`})`)
  })
  const link = object(data["link"])
  const how = link === null ? [] : [`${text(link["connection"]) ?? ""} ${text(link["how"]) ?? ""}`.trim()]
  const hints = list(data["hints"]).length
  return [...words, ...how, ...changes, ...(hints > 0 ? [`${hints} hints`] : [])].join(", ")
}

const idOfEntityStream = (stream: string): string => stream.slice(stream.lastIndexOf(".") + 1)

/** Deliberately lenient: a line of the log is shown also for an event that this version can't read. */
export const readable = (event: RecordedEvent): TailEvent => {
  const category = streams.categoryOf(event.stream)
  const stored = object(JSON.parse(event.data)) ?? {}
  const data = upcast(event.type, versionIn(event.metadata), stored)
  const ofEntity = ENTITY_TYPES.some((type) => type === category)
  const record = text(data["externalId"])
  const link = object(data["link"])
  return {
    position: event.position,
    at: Date.parse(event.metadata["at"] ?? ""),
    category,
    event: event.type,
    connection: text(data["connection"]) ?? text(link?.["connection"]),
    entity: ofEntity
      ? `${category}:${idOfEntityStream(event.stream)}`
      : (reference(data["entity"]) ?? (text(data["entity"]) === null ? null : `${data["type"]}:${data["entity"]}`)),
    record:
      record === null
        ? (reference(data["record"]) ?? reference(link?.["record"]))
        : `${text(data["object"])}:${record}`,
    detail: detailOf(data),
  }
}

/** `after: null` begins with the first event there is; `"end"` with what comes. `Mark` says how far the log was looked at. */
export type Tailed =
  | { readonly _tag: "Event"; readonly event: TailEvent }
  | { readonly _tag: "Mark"; readonly position: string | null; readonly caughtUp: boolean }

const AFTER = "is no position of this journal: give start, end, or a position that an event of it was shown with"

/** Fails with `Invalid` for a position that is none of this journal's: no place to go on from, and not the store's fault. */
export const checkAfter = Effect.fnUntraced(function* (after: string | null) {
  if (after === null || after === "end") return
  const journal = yield* Journal
  const looked = journal.readAll({ after, prefixes: [], limit: 1, without: "contents" })
  yield* Effect.catchIf(
    looked,
    ({ reason }) => reason === "foreign",
    () => new Invalid({ field: "after", value: after, detail: AFTER }),
  )
})

export const tail = (tenant: string, after: string | null) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const journal = yield* Journal
      const from = after === "end" ? yield* journal.end : after
      const partition = streams.partitionOf(tenant)
      // `request` and `decision` streams end with the tenant's name, so a longer name is told apart below.
      const prefixes = CATEGORIES.map((category) => `${category}-${partition}.${tenant}`)
      return journal.subscribe({ after: from, prefixes }).pipe(
        Stream.filter((item) => item._tag !== "Event" || streams.tenantOf(item.event.stream) === tenant),
        Stream.map((item): Tailed => {
          if (item._tag === "Event") return { _tag: "Event", event: readable(item.event) }
          if (item._tag === "Checkpoint") return { _tag: "Mark", position: item.position, caughtUp: false }
          return { _tag: "Mark", position: null, caughtUp: true }
        }),
      )
    }),
  )
