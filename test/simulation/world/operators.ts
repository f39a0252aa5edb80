/** The tenant's operators, as they reach the engine: through what the command line and the API ask of it. */
import { entityOf } from "@concordat/engine/operations/documents"
import { conflicts } from "@concordat/engine/operations/lists"
import { ask, type Request } from "@concordat/engine/operations/requests"
import type { ConflictItem } from "@concordat/engine/operations/views"
import type * as Effect from "effect/Effect"
import type { Deployment } from "../deployment.ts"
import type { History } from "../oracle/history.ts"
import { within } from "../outcome.ts"
import type { Chance } from "../random.ts"
import type { SideName } from "../script.ts"
import type { Ports } from "../store/ports.ts"
import type { Owner, Timeline } from "../timeline.ts"
import type { Side } from "./side.ts"
import { type GroupName, keyOf, KINDS, TYPES } from "./things.ts"

const ANSWER_MS = 60_000
const AGAIN_MS = 5_000
/** How often an operator asks for the same thing. */
const TRIES = 200
/** What one page of a list has at most. */
const PAGE = 1_000

const BY = "somebody"

export interface Operating {
  readonly tenant: string
  readonly timeline: Timeline
  readonly owner: Owner
  readonly chance: Chance
  readonly deployment: () => Deployment
  readonly history: History
  readonly sides: ReadonlyMap<SideName, Side>
  /** What a record is of, by side, kind and id. */
  readonly keys: ReadonlyMap<string, string>
  readonly onStep: (what: string) => void
}

/** What was asked about is not there any more: asking again says the same. */
const isSaid = (error: unknown): boolean =>
  typeof error === "object" &&
  error !== null &&
  "_tag" in error &&
  ["NotFound", "NotApplicable"].includes(`${error._tag}`)

export class Operators {
  readonly #operating: Operating
  #isDeciding = false

  constructor(operating: Operating) {
    this.#operating = operating
  }

  #pause(): Promise<void> {
    const { owner, timeline } = this.#operating
    return new Promise((resolve) => {
      timeline.after(owner, AGAIN_MS, () => {
        timeline.promised()
        resolve()
      })
    })
  }

  /** Asked again where no answer comes; undefined: there is nothing to be said, or never was an answer. */
  async answer<A>(question: () => Effect.Effect<A, unknown, Ports>): Promise<A | undefined> {
    const { deployment, owner, timeline } = this.#operating
    for (let tried = 0; tried < TRIES; tried += 1) {
      try {
        return await within(timeline, owner, deployment().ask(question()), ANSWER_MS)
      } catch (error) {
        timeline.promised()
        if (isSaid(error)) return undefined
        await this.#pause()
        timeline.promised()
      }
    }
    return undefined
  }

  /** Whether it is in the journal. */
  async operate(request: Request): Promise<boolean> {
    return (await this.answer(() => ask(this.#operating.tenant, request))) !== undefined
  }

  /** Looks at what two sides edited at once and nobody has decided, and decides each, one way or the other. */
  async decide(): Promise<void> {
    const { tenant } = this.#operating
    if (this.#isDeciding) return
    this.#isDeciding = true
    const found = await this.answer(() => conflicts(tenant, { connection: null, after: null, limit: PAGE }))
    for (const item of found?.items ?? []) await this.#resolve(item)
    this.#isDeciding = false
  }

  async #resolve({ connection, group, id, type }: ConflictItem): Promise<void> {
    const { chance, history, keys, onStep, sides, tenant } = this.#operating
    const kind = KINDS.find((one) => TYPES[one] === type)
    const side = sides.get(connection as SideName)
    const entity = await this.answer(() => entityOf(tenant, type, id))
    const { primary = null, tombstone = null } = entity?.links[connection] ?? {}
    // What was said there stands to be decided, also where the record is gone by now.
    const record = primary ?? tombstone?.record ?? null
    if (kind === undefined || side === undefined || record === null) return
    const seen = side.get(kind, record.id)
    const keep = chance.isLess(0.5) ? "connection" : "entity"
    const key = seen === null ? keys.get(`${connection}|${kind}:${record.id}`) : keyOf(kind, seen.values)
    const thing = history.canonical(key ?? "")
    if (thing === "") return
    onStep(`somebody decides ${group} of ${thing} at ${connection}: the ${keep}'s`)
    const of = `${kind}:${seen?.id ?? record.id}`
    const at = { thing, group: group as GroupName, side: connection, record: of, keep } as const
    history.decided(at)
    const request = { _tag: "ResolveRequested", by: BY, connection, entity: { type, id }, group, keep } as const
    // Meanwhile people may have gone on, and what they entered may have come first.
    if (await this.operate(request)) history.decided(at)
  }
}
