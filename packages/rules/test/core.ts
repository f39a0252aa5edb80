/** The pure core over a journal in memory: appends inputs, decides them, keeps documents, and can be replayed. */
import { EDITION } from "../src/edition.ts"
import type { Mapping } from "../src/mapping/lens.ts"
import type { Policy, Rule } from "../src/reconcile/context.ts"
import { type Input, reconcile } from "../src/reconcile/reconcile.ts"
import { type DecidedEvent, type Loaded, numbered, type Wake } from "../src/state/transaction.ts"
import { planWrite } from "../src/push/plan.ts"
import { parseEntityKey, type DueDoc, type EntityDoc } from "../src/state/documents.ts"
import { isStorable } from "../src/state/typed-keys.ts"
import { canonicalJson } from "@concordat/model/json"
import { sha256, uuidV5 } from "@concordat/model/ids"
import { clear } from "@concordat/model/events/envelope"
import type { EntityType } from "@concordat/model/canonical/fields"

export const TENANT = "acme"

export interface InputEvent {
  readonly id: string
  readonly at: number
  readonly data: Input
}

const master: Rule = { _tag: "Crm" }
export const policyOf = (
  rules: Readonly<Record<string, Rule>> = {},
  authority: ReadonlyArray<string> = [],
): Policy => ({
  rule: (type, group) =>
    rules[`${type}.${group}`] ??
    rules[type] ??
    (type === "activity" ? { _tag: "App" } : type === "deal" ? { _tag: "Conservative" } : master),
  authority,
  deletions: () => "keep",
  quarantineAfter: 3,
})

export interface CoreOptions {
  readonly mappings: Readonly<Record<string, Mapping>>
  readonly policy?: Policy
}

export class Core {
  readonly inputs: Array<InputEvent> = []
  readonly outputs: Array<DecidedEvent> = []
  readonly wakes: Array<Wake> = []
  readonly documents = new Map<string, unknown>()
  options: CoreOptions

  constructor(options: CoreOptions) {
    this.options = options
  }

  get loaded(): Loaded {
    return {
      get: (kind, key) => this.documents.get(`${kind}\n${key}`) ?? null,
      range: (kind, prefix) =>
        [...this.documents.keys()]
          .filter((id) => id.startsWith(`${kind}\n${prefix}`))
          .map((id) => id.slice(kind.length + 1))
          .toSorted(),
    }
  }

  get compilers() {
    return {
      mapping: (state: { readonly opened: { readonly connection: string } }) =>
        this.options.mappings[state.opened.connection] ?? null,
      policy: () => this.options.policy ?? policyOf(),
    }
  }

  /** Appends an input and decides it. Returns what was decided. */
  append(at: number, data: Input): ReadonlyArray<DecidedEvent> {
    const event = { id: uuidV5(`${this.inputs.length}\n${sha256(canonicalJson(data))}`), at, data }
    this.inputs.push(event)
    return this.decide(event)
  }

  decide(event: InputEvent): ReadonlyArray<DecidedEvent> {
    const decision = reconcile(
      this.loaded,
      this.compilers,
      { tenant: TENANT, event: event.id, correlation: event.id, at: event.at },
      event.data,
    )
    for (const { key, kind, value } of decision.documents) {
      if (!isStorable(key)) throw new Error(`no store takes the key ${kind} ${key}`)
      // Through JSON, as in every store: a document that would not survive it must fail here.
      if (value === null) this.documents.delete(`${kind}\n${key}`)
      else this.documents.set(`${kind}\n${key}`, JSON.parse(JSON.stringify(value)))
    }
    for (const [key, by] of decision.counts) {
      this.documents.set(`count\n${key}`, ((this.documents.get(`count\n${key}`) as number | undefined) ?? 0) + by)
    }
    const { events, last } = numbered(decision.events, (this.documents.get("decision\n") as number | undefined) ?? -1)
    if (last >= 0) this.documents.set("decision\n", last)
    this.outputs.push(...events)
    this.wakes.push(...decision.wakes)
    return events
  }

  /** All documents as one text, in the order of their keys. */
  dump(): string {
    return [...this.documents]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, value]) => `${id}\t${canonicalJson(value)}`)
      .join("\n")
  }

  replayed(): Core {
    const other = new Core(this.options)
    for (const event of this.inputs) {
      other.inputs.push(event)
      other.decide(event)
    }
    return other
  }

  open(
    connection: string,
    options: {
      readonly isApp?: boolean
      readonly armed?: boolean
      readonly create?: "never" | "linkOnly" | "afterPlan" | "always"
      readonly at?: number
      readonly edition?: number
    } = {},
  ): void {
    const create = options.create ?? "never"
    this.append(options.at ?? 1_000, {
      _tag: "ConnectionOpened",
      connection,
      provider: connection,
      class: "peer",
      isApp: options.isApp ?? false,
      settings: {},
      create: { contact: create, company: create, deal: create, activity: create },
      pollEveryMs: 60_000,
      mark: "mark0000",
      armed: options.armed ?? true,
      edition: options.edition ?? EDITION,
    })
    this.append(options.at ?? 1_000, { _tag: "BackfillStarted", connection, objects: [] })
    this.append(options.at ?? 1_000, { _tag: "BackfillFinished", connection, records: 0 })
  }

  due(connection: string): ReadonlyArray<{ readonly type: EntityType; readonly id: string; readonly due: DueDoc }> {
    return this.loaded.range("due", `${connection}|`)!.map((key) => ({
      ...parseEntityKey(key.slice(connection.length + 1)),
      due: this.loaded.get("due", key) as DueDoc,
    }))
  }

  plan(connection: string, type: EntityType, id: string) {
    return planWrite(this.loaded, this.compilers, TENANT, connection, type, id)
  }

  entities(type: EntityType): ReadonlyArray<EntityDoc> {
    return this.loaded
      .range("entity", `${type}:`)!
      .map((key) => this.loaded.get("entity", key) as EntityDoc)
      .filter((doc) => doc.mergedInto === null)
  }

  value(type: EntityType, field: string): ReadonlyArray<unknown> {
    return this.entities(type).map(
      (doc) => Object.values(doc.groups).find((group) => field in group.value)?.value[field] ?? null,
    )
  }

  /** A record was read: `at` is when the fact was appended. */
  observe(
    connection: string,
    object: string,
    id: string,
    values: Record<string, unknown>,
    at: number,
    options: {
      readonly stamp?: number
      readonly before?: number
      readonly by?: "person"
      readonly ownId?: string
    } = {},
  ) {
    return this.append(at, {
      _tag: "RecordObserved",
      connection,
      object,
      externalId: id,
      values: clear(values as never),
      readStartedAt: at - 1,
      readBefore: options.before ?? 0,
      stamp: options.stamp ?? null,
      by: options.by ?? null,
      via: "poll",
      ownId: options.ownId ?? null,
    })
  }
}
