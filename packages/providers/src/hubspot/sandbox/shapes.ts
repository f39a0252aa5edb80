/** What goes into and comes out of the HubSpot sandbox: requests, answers, settings, the log of writes. */

export interface SandboxRequest {
  readonly method: string
  /** Path and query, as on the request line. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array | string
}

export interface SandboxResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** True when the connection breaks before an answer: whatever was done stays done. */
  readonly dropped?: boolean
}

/** Who made a change, as HubSpot names it in webhooks and in `hs_object_source`. */
export interface Actor {
  readonly source: "INTEGRATION" | "CRM_UI" | "IMPORT" | "AUTOMATION_PLATFORM"
  readonly sourceId: string
}

export interface WebhookSettings {
  /** Where deliveries go; null sends none and keeps none. */
  readonly target: string | null
  /** Share of events sent twice, never sent, and of batches in which the order is shuffled. */
  readonly duplicateRate: number
  readonly dropRate: number
  readonly reorderRate: number
  readonly delayMs: readonly [least: number, most: number]
  /** One subscription per property is HubSpot's rule; null stands for every writable property. */
  readonly properties: ReadonlyArray<string> | null
}

export interface Settings {
  /** Tokens that work. An empty list is a revoked app. */
  readonly tokens: ReadonlyArray<string>
  /** Objects whose scope the app lacks: 403. */
  readonly missingScopes: ReadonlyArray<string>
  readonly limits: {
    readonly enforced: boolean
    /** Requests of one token in a rolling window of ten seconds. */
    readonly burst: number
    /** Searches of the whole account in a rolling second. */
    readonly searchPerSecond: number
    readonly daily: number
    /** When the account's day begins, hours after midnight UTC: the day is that of its own time zone. */
    readonly dayBeginsAtHour: number
  }
  /** Time between a write and its place in the search index. */
  readonly indexLagMs: readonly [least: number, most: number]
  /** True: a merge makes a third record and both old ids lead to it. False: the primary keeps its id. */
  readonly mergeMintsId: boolean
  /** Whether a record that is the result of several merges names the ids of the earlier ones too; no page says so. */
  readonly mergeNamesChain: boolean
  /** Whether results of batch writes carry `objectWriteTraceId`; recorded answers do not. */
  readonly echoTraceId: boolean
  /** Whether "already exists" names the holder; both forms are recorded. */
  readonly conflictNamesId: boolean
  /** Rules an administrator added: fields without which a write is refused, by object. */
  readonly requiredProperties: Readonly<Record<string, ReadonlyArray<string>>>
  readonly webhooks: WebhookSettings
}

export type SettingsPatch = {
  readonly [K in keyof Settings]?: Settings[K] extends ReadonlyArray<unknown> ? Settings[K] : Partial<Settings[K]>
}

/** A fault that is laid in wait for the next matching requests. */
export interface Fault {
  /** HTTP status of the answer; 0 breaks the connection instead of answering. */
  readonly status: number
  readonly count: number
  /** How many of the matching requests pass first. */
  readonly after?: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** The request takes effect, and its answer is lost. */
  readonly afterEffect?: boolean
  /** With status 207: which inputs of the batch fail, with `body` as their error. */
  readonly rows?: ReadonlyArray<number>
  /** Only requests whose "METHOD path" contains this text. */
  readonly match?: string
}

export interface WriteLogEntry {
  readonly at: number
  readonly object: string
  readonly id: string
  readonly kind: "create" | "update" | "archive" | "restore" | "merge" | "erase" | "associate" | "dissociate"
  readonly by: Actor["source"]
  readonly traceId?: string
  /** The unique property and value that an upsert addressed the record by. */
  readonly key?: { readonly property: string; readonly value: string }
  readonly properties?: Readonly<Record<string, string>>
  readonly to?: { readonly object: string; readonly id: string; readonly typeId: number | null }
  /** Of an update or an association: whether the record was another before. */
  readonly changed?: boolean
  /** The id that the record was named by, where that one has become part of it. */
  readonly asked?: string
}

export interface Owner {
  readonly id: string
  readonly email: string
  readonly firstName: string
  readonly lastName: string
  readonly userId: number
  readonly type: "PERSON" | "QUEUE"
  readonly archived: boolean
}

export interface PipelineStage {
  readonly id: string
  readonly label: string
  readonly displayOrder: number
  readonly metadata: Readonly<Record<string, string>>
  readonly archived: boolean
}

export interface Pipeline {
  readonly id: string
  readonly label: string
  readonly displayOrder: number
  readonly archived: boolean
  readonly stages: ReadonlyArray<PipelineStage>
}

export const defaultSettings: Settings = {
  tokens: ["pat-na1-sandbox"],
  missingScopes: [],
  limits: { enforced: true, burst: 110, searchPerSecond: 5, daily: 625_000, dayBeginsAtHour: 5 },
  indexLagMs: [2_000, 10_000],
  mergeMintsId: true,
  mergeNamesChain: true,
  echoTraceId: false,
  conflictNamesId: true,
  requiredProperties: {},
  webhooks: {
    target: null,
    duplicateRate: 0.05,
    dropRate: 0.02,
    reorderRate: 0.2,
    delayMs: [200, 3_000],
    properties: null,
  },
}

/** Members of nested settings that are absent keep their value. */
export const patchSettings = (settings: Settings, patch: SettingsPatch): Settings => ({
  ...settings,
  ...patch,
  limits: { ...settings.limits, ...patch.limits },
  webhooks: { ...settings.webhooks, ...patch.webhooks },
  indexLagMs: patch.indexLagMs ?? settings.indexLagMs,
  tokens: patch.tokens ?? settings.tokens,
  missingScopes: patch.missingScopes ?? settings.missingScopes,
  requiredProperties: { ...settings.requiredProperties, ...definedOnly(patch.requiredProperties) },
  mergeMintsId: booleanOr(patch.mergeMintsId, settings.mergeMintsId),
  mergeNamesChain: booleanOr(patch.mergeNamesChain, settings.mergeNamesChain),
  echoTraceId: booleanOr(patch.echoTraceId, settings.echoTraceId),
  conflictNamesId: booleanOr(patch.conflictNamesId, settings.conflictNamesId),
})

const booleanOr = (given: unknown, otherwise: boolean): boolean => (typeof given === "boolean" ? given : otherwise)
const definedOnly = (
  record: { readonly [object: string]: ReadonlyArray<string> | undefined } | undefined,
): Record<string, ReadonlyArray<string>> =>
  Object.fromEntries(
    Object.entries(record ?? {}).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  )
