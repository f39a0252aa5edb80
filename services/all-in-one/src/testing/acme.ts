/** A tenant as the reconciler and the workers would have left it, with every kind of thing that waits, in a store. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { Commit } from "@concordat/engine/ports/Commit"
import type { Provenance } from "@concordat/model/events/entity"
import { EDITION } from "@concordat/rules/edition"
import type {
  ConflictDoc,
  ConnectionDoc,
  CursorDoc,
  DueDoc,
  EntityDoc,
  IssueDoc,
  LinkState,
  QuestionDoc,
  TenantDoc,
} from "@concordat/rules/state/documents"
import { encodeDocument } from "@concordat/rules/state/stored"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const connection = (provider: string, armed: boolean): ConnectionDoc => ({
  opened: {
    _tag: "ConnectionOpened",
    connection: provider,
    provider,
    class: "peer",
    isApp: false,
    settings: {},
    create: {},
    pollEveryMs: 1000,
    mark: "abcdefgh",
    armed,
    edition: EDITION,
  },
  armed,
  armedAt: armed ? 5 : null,
  writesPerHour: null,
  paused: armed ? [] : ["operator"],
  closed: false,
  backfill: { state: "running", startedAt: 0, finishedAt: 0 },
  gone: [],
})

export const from = (connection: string, id: string, event: string): Provenance => ({
  connection,
  record: { object: "contacts", id },
  event,
  after: 0,
  until: 1_700_000_000_000,
  provider: true,
})

const link = (rest: Partial<LinkState>): LinkState => ({
  primary: null,
  duplicates: [],
  tombstone: null,
  groups: {},
  intents: [],
  due: { seq: 0, hash: null },
  ...rest,
})

export const page = { connection: null, after: null, limit: 100 }

export const put = Effect.fnUntraced(function* (documents: Readonly<Record<string, unknown>>, tenant = "acme") {
  const commit = yield* Commit
  const result = yield* commit.commit({
    appends: [],
    documents: Object.entries(documents).map(([name, value]) => {
      const at = name.indexOf(" ")
      return {
        tenant,
        kind: name.slice(0, at),
        key: name.slice(at + 1),
        value: encodeDocument(name.slice(0, at), value),
      }
    }),
    commands: [],
    checkpoint: null,
  })
  assert.strictEqual(result._tag, "Appended")
})

/** An entity that HubSpot's record brought, whose title is parked with Odoo, with every kind of thing that waits. */
export const acme = (observed: string) => {
  const entity: EntityDoc = {
    type: "contact",
    id: "e1",
    revision: 1,
    groups: {
      title: { value: { title: "CEO" }, revision: 1, provenance: from("hubspot", "7", observed) },
      email: { value: { email: "a@b.example" }, revision: 0, provenance: from("hubspot", "7", observed) },
    },
    links: {
      hubspot: link({
        primary: { object: "contacts", id: "7" },
        groups: { title: { signature: "s", shadow: { title: "CEO" } } },
      }),
      odoo: link({
        primary: { object: "res.partner", id: "12" },
        duplicates: [{ object: "res.partner", id: "13" }],
        groups: {
          title: {
            signature: "s",
            shadow: { function: "Boss" },
            parked: { rule: "manual", theirs: from("odoo", "12", "x") },
          },
          email: { signature: "s", shadow: { email: "old@b.example" } },
        },
        due: { seq: 3, hash: "h" },
      }),
    },
    keys: [],
    archived: null,
    mergedInto: null,
    merges: [],
    notSame: [],
    questions: [],
  }
  const conflict: ConflictDoc = {
    rule: "manual",
    ours: from("hubspot", "7", observed),
    theirs: from("odoo", "12", "x"),
    at: 9,
  }
  const due = (kind: DueDoc["kind"], groups: ReadonlyArray<string>): DueDoc => ({ seq: 1, kind, groups, since: 0 })
  const question: QuestionDoc = { type: "contact", candidates: ["e1", "e9"], reason: "two candidates", at: 4 }
  const issue = (kind: IssueDoc["kind"]): IssueDoc => ({ kind, code: "c", message: "m", at: 1 })
  const cursor: CursorDoc = { cursor: null, done: 200, total: 1000, finished: false, startedAt: 0 }
  const tenant: TenantDoc = { connections: ["hubspot", "odoo"], policy: null }
  return {
    "tenant ": tenant,
    "connection hubspot": connection("hubspot", true),
    "connection odoo": connection("odoo", false),
    "entity contact:e1": entity,
    "conflict odoo|contact:e1|title": conflict,
    "due odoo|contact:e1": due("update", ["email", "title"]),
    "due odoo|contact:e2": due("update", ["email"]),
    "due odoo|contact:e3": due("create", []),
    "due odoo|company:c1": due("create", []),
    "due odoo2|company:c1": due("create", []),
    "question odoo|res.partner:a:b": question,
    "issue odoo|contact:e1|email": issue("refused"),
    "issue odoo|contact:e4|": issue("problem"),
    "issue hubspot|contact:e4|email": issue("waiting"),
    "cursor odoo|backfill|res.partner": cursor,
    "cursor odoo|changes|res.partner": cursor,
    "count odoo|conflict.crm": 4,
    "count odoo|links": 2,
  }
}

/** An entity whose record at Odoo is gone. */
export const gone = (type: EntityDoc["type"], id: string, archived: string | null): EntityDoc => ({
  type,
  id,
  revision: 0,
  groups: {},
  links: { odoo: link({ tombstone: { record: { object: "crm.lead", id: "7" }, reason: "deleted" } }) },
  keys: [],
  archived,
  mergedInto: null,
  merges: [],
  notSame: [],
  questions: [],
})

const store = sqlite({ path: ":memory:", inPlace: true })
export const withStore = <A, E>(name: string, test: () => Effect.Effect<A, E, Layer.Success<typeof store>>) =>
  it.effect(name, () => test().pipe(Effect.provide(Layer.fresh(store))))
