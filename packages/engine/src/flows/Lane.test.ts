/** Tenants that fill the window: nobody waits for them, nothing of theirs is lost or repeated, whenever the process dies. */
import { tenantOf } from "@concordat/model/streams"
import { describe, expect, it } from "vitest"
import { LANE_FACTS, LANES, SHARED_EVENTS, WINDOW_FACTS } from "../limits.ts"
import type { RecordedEvent } from "../ports/Journal.ts"
import type { Checkpoint } from "../ports/State.ts"
import { Boundary, reachedOf } from "./reached.ts"
import { type Reached, Window } from "./Window.ts"

const eventOf = (tenant: string, n: number): RecordedEvent => ({
  id: `id${n}`,
  type: "RecordObserved",
  data: "{}",
  metadata: {},
  stream: `record-00.${tenant}.crm.person.1`,
  revision: n,
  position: `p${n}`,
})
const of = (event: RecordedEvent): string => tenantOf(event.stream)
const many = (tenant: string, count: number): ReadonlyArray<string> => Array.from({ length: count }, () => tenant)
const journalOf = (tenants: ReadonlyArray<string>): ReadonlyArray<RecordedEvent> => tenants.map(eventOf)

/** Numbers from a seed, below `n`. */
const chanceOf = (seed: number) => {
  let state = seed
  return (n: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * n)
  }
}

/** What reads a journal into a window, as the reconciler does, one step at a time. */
class Reading {
  readonly #journal: ReadonlyArray<RecordedEvent>
  readonly window: Window
  #next: number

  constructor(journal: ReadonlyArray<RecordedEvent>, checkpoint: Checkpoint | null) {
    this.#journal = journal
    this.window = new Window(checkpoint)
    this.#next = journal.findIndex(({ position }) => position === checkpoint?.position) + 1
  }

  get isOver(): boolean {
    return this.#next >= this.#journal.length && !this.window.isLeft && !this.window.hasWaiting
  }

  /** Of all tenants. */
  read(limit: number): void {
    const page = this.#journal.slice(this.#next, this.#next + Math.min(limit, this.window.room))
    this.window.add(page)
    this.#next += page.length
    if (this.window.room === 0) this.window.leaveOut()
  }

  /** Of a tenant that was left out. */
  readAlone(): void {
    const { wanted } = this.window
    if (wanted === null) return
    const from = this.#journal.findIndex(({ position }) => position === wanted.after) + 1
    this.window.addOf(
      wanted.tenant,
      this.#journal
        .slice(from)
        .filter((event) => of(event) === wanted.tenant)
        .slice(0, LANE_FACTS),
    )
  }
}

const placesOf = (events: ReadonlyArray<RecordedEvent>, tenant: string): string =>
  events.flatMap((event) => (of(event) === tenant ? event.position : [])).join()

const checkpointOf = (reached: Reached): Checkpoint => ({ name: "reconciler", ...reached })

describe("a tenant that fills the window", () => {
  it("is left out of it: others behind any number of its facts are decided after one small part of it", () => {
    const events = journalOf(["few", ...many("large", WINDOW_FACTS * 5), "few", ...many("large", 10)])
    const reading = new Reading(events, null)
    const { window } = reading
    reading.read(1)
    window.decided(window.take())
    for (let page = 0; page < 20; page++) reading.read(1_000)
    const parts = [window.take(), window.take()].map((part) => part.map(of))
    expect(parts).toContainEqual(["few"])
    expect(parts.flat().filter((tenant) => tenant === "large").length).toBeLessThanOrEqual(SHARED_EVENTS)
  })

  it("is told of with its place and its last fact before the checkpoint, and is like all others at the end", () => {
    const events = journalOf(["few", ...many("large", WINDOW_FACTS * 2), "few", "large"])
    const reading = new Reading(events, null)
    const { window } = reading
    reading.read(1)
    window.decided(window.take())
    for (let page = 0; page < 8; page++) reading.read(1_000)
    const told: Array<Reached> = []
    while (!reading.isOver) {
      reading.readAlone()
      const part = window.take()
      if (part.length > 0) told.push(window.decided(part))
    }
    const large = told.flatMap(({ behind }) => behind ?? [])
    expect(large.length).toBeGreaterThan(10)
    expect(large.every(({ tenant }) => tenant === "large")).toBe(true)
    expect(large[0]!.until).toBe(`p${events.length - 1}`)
    expect(reachedOf(checkpointOf(told[3]!), "large")).toBe(large[3]!.position)
    expect(reachedOf(checkpointOf(told[3]!), "few")).toBe(told[3]!.position)
    const [end, last] = [events.at(-1)!, told.at(-1)!]
    expect(last).toEqual({ position: end.position, eventId: end.id })
  })

  it("takes no more memory, however many of its facts there are", () => {
    const reading = new Reading(journalOf(["few", ...many("large", WINDOW_FACTS * 10)]), null)
    const { window } = reading
    reading.read(1)
    window.decided(window.take())
    for (let page = 0; page < 100; page++) {
      reading.read(1_000)
      reading.readAlone()
    }
    let held = 0
    for (let part = window.take(); part.length > 0; part = window.take()) held += part.length
    expect(held).toBeLessThanOrEqual(LANE_FACTS * 2)
  })

  it("waits in the window where too many others have been left out", () => {
    const tenants = Array.from({ length: LANES + 1 }, (_, n) => many(`t${n}`, WINDOW_FACTS))
    const reading = new Reading(journalOf(["few", ...tenants.flat()]), null)
    const { window } = reading
    reading.read(1)
    window.decided(window.take())
    for (let page = 0; page < 100; page++) reading.read(1_000)
    expect(window.room).toBe(0)
  })

  it("is decided once and in its order, wherever the process dies and whatever was read until then", () => {
    for (let seed = 1; seed <= 12; seed++) {
      const chance = chanceOf(seed)
      const [share, others] = [1 + chance(6), 1 + chance(40)]
      const tenants = Array.from({ length: WINDOW_FACTS * 3 }, () =>
        chance(share + 1) > 0 ? `large${chance(2)}` : `few${chance(others)}`,
      )
      const events = journalOf(tenants)
      const done: Array<RecordedEvent> = []
      let checkpoint: Checkpoint | null = null
      let wasBehind = false
      for (let lives = 0; done.length < events.length; lives++) {
        expect(lives).toBeLessThan(events.length)
        const reading = new Reading(events, checkpoint)
        const { window } = reading
        let flying: ReadonlyArray<RecordedEvent> = []
        for (let steps = 30 + chance(300); steps > 0 && !(reading.isOver && flying.length === 0); steps--) {
          const step = chance(4)
          if (step === 0) reading.read(1 + chance(2_000))
          else if (step === 1) reading.readAlone()
          else if (step === 2) {
            // What is little is decided while that goes on, and committed before.
            const part = window.takeLittle(new Set(flying.map(of)))
            if (part.length === 0) continue
            checkpoint = checkpointOf(window.decided(part))
            done.push(...part)
          } else {
            // A part is decided while the one before it is being committed.
            const part = window.take()
            if (flying.length > 0) {
              checkpoint = checkpointOf(window.decided(flying))
              done.push(...flying)
              wasBehind ||= checkpoint.behind !== undefined
            }
            flying = part
          }
        }
        if (checkpoint === null) continue
        const [boundary, isDone] = [new Boundary(checkpoint), new Set(done)]
        expect(events.filter((event) => boundary.isDecided(event) !== isDone.has(event))).toEqual([])
        expect(boundary.isPassed).toBe(true)
      }
      expect(wasBehind).toBe(true)
      expect(done.length).toBe(events.length)
      for (const tenant of new Set(tenants)) expect(placesOf(done, tenant)).toBe(placesOf(events, tenant))
      const end = events.at(-1)!
      expect(checkpoint).toEqual({ name: "reconciler", position: end.position, eventId: end.id })
    }
  })
})
