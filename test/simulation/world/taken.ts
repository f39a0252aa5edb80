/** What the journal has of the engine's own writes: those that it knows to be taken. */
import * as streams from "@concordat/model/streams"
import type { History } from "../oracle/history.ts"
import type { Log } from "../store/log.ts"
import type { Side } from "./side.ts"
import { KINDS } from "./things.ts"

/** Facts that one append may bring of a record. */
const FEW = 8

export class Taken {
  readonly #history: History
  /** By the beginning of the names of its records' streams. */
  readonly #sides: ReadonlyMap<string, Side>
  /** Up to which revision each stream was looked at. */
  readonly #seen = new Map<string, number>()

  constructor(tenant: string, sides: Iterable<Side>, history: History) {
    this.#history = history
    const asked = [...sides].filter(({ isApp, keepsHistory }) => !isApp && !keepsHistory)
    this.#sides = new Map(asked.map((side) => [streams.record(tenant, side.name, "", "").slice(0, -1), side]))
  }

  appended(log: Log, stream: string): void {
    for (const [prefix, side] of this.#sides) {
      if (!stream.startsWith(prefix)) continue
      const seen = this.#seen.get(stream) ?? -1
      for (const { data, revision, type } of log.read(stream, "end", "backward", FEW)) {
        this.#seen.set(stream, Math.max(revision, this.#seen.get(stream) ?? -1))
        if (revision <= seen || type !== "RecordWritten") continue
        const { externalId, object } = JSON.parse(data) as { readonly object: string; readonly externalId: string }
        for (const kind of KINDS)
          if (side.objects[kind] === object) this.#history.unsaid.told(side.name, `${kind}:${externalId}`)
      }
    }
  }
}
