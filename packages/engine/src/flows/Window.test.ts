/** Who is decided first, in what parts, and what a checkpoint then says. */
import { describe, expect, it } from "vitest"
import { DECIDED_EVENTS, SHARED_EVENTS, WINDOW_FACTS } from "../limits.ts"
import type { RecordedEvent } from "../ports/Journal.ts"
import type { Checkpoint } from "../ports/State.ts"
import { Window } from "./Window.ts"

const eventOf = (tenant: string, n: number, type = "RecordObserved"): RecordedEvent => ({
  id: `id${n}`,
  type,
  data: "{}",
  metadata: {},
  stream: `record-00.${tenant}.crm.person.1`,
  revision: n,
  position: `p${n}`,
})

/** A journal of facts of these tenants, one after the other. */
const journalOf = (tenants: ReadonlyArray<string>): ReadonlyArray<RecordedEvent> =>
  tenants.map((one, n) => eventOf(one, n))
const many = (tenant: string, count: number): ReadonlyArray<string> => Array.from({ length: count }, () => tenant)
const tenantOf = ({ stream }: RecordedEvent): string => stream.split(".")[1]!
const windowOf = (events: ReadonlyArray<RecordedEvent>, checkpoint: Checkpoint | null = null): Window => {
  const window = new Window(checkpoint)
  window.add(events)
  return window
}
/** Part after part until nothing waits, each with what is committed with it. */
const parts = (window: Window) => {
  const all: Array<{ readonly part: ReadonlyArray<RecordedEvent>; readonly reached: ReturnType<Window["decided"]> }> =
    []
  for (;;) {
    const part = window.take()
    if (part.length === 0) return all
    all.push({ part, reached: window.decided(part) })
  }
}

describe("the window", () => {
  it("decides a tenant that is alone in the largest parts, in its order", () => {
    const events = journalOf(many("a", DECIDED_EVENTS + 10))
    const all = parts(windowOf(events))
    expect(all.map(({ part }) => part.length)).toEqual([DECIDED_EVENTS, 10])
    expect(all.flatMap(({ part }) => part)).toEqual(events)
    expect(all.at(-1)!.reached).toEqual({ position: `p${DECIDED_EVENTS + 9}`, eventId: `id${DECIDED_EVENTS + 9}` })
  })

  it("decides whoever has few after one small part of who has many, whatever came first", () => {
    const events = journalOf([...many("large", 300), "b", "c", "b"])
    const [first, second, third] = parts(windowOf(events))
    expect(first!.part.map(tenantOf)).toEqual(many("large", SHARED_EVENTS))
    expect(second!.part.map(tenantOf).toSorted()).toEqual(["b", "b", "c"])
    expect(third!.part.map(tenantOf)).toEqual(many("large", SHARED_EVENTS))
    expect(second!.reached).toEqual({
      position: `p${SHARED_EVENTS - 1}`,
      eventId: `id${SHARED_EVENTS - 1}`,
      ahead: [
        { tenant: "c", position: "p301", eventId: "id301" },
        { tenant: "b", position: "p302", eventId: "id302" },
      ],
    })
  })

  it("takes who comes meanwhile before what of the large one waits, and the large one gets every second part", () => {
    const window = windowOf(journalOf([...many("large", 300), "b"]))
    let large = 0
    for (let round = 0; round < 20 && large < 300; round++) {
      const part = window.take()
      window.decided(part)
      large += part.filter((event) => tenantOf(event) === "large").length
      window.add(many("b", 10).map((tenant, n) => eventOf(tenant, 1_000 + round * 10 + n)))
    }
    expect(large).toBe(300)
  })

  it("skips nothing, repeats nothing and keeps each tenant's order, whatever there is", () => {
    const tenants = Array.from({ length: 1_500 }, (_, n) => `t${(n * n) % 37 < 12 ? 0 : (n * 7) % 90}`)
    const events = journalOf(tenants)
    const all = parts(windowOf(events)).flatMap(({ part }) => part)
    expect(new Set(all).size).toBe(events.length)
    expect(all).toHaveLength(events.length)
    for (const tenant of new Set(tenants)) {
      const of = (list: ReadonlyArray<RecordedEvent>) => list.filter((event) => tenantOf(event) === tenant)
      expect(of(all)).toEqual(of(events))
    }
  })

  it("goes on after any of its parts with exactly what was not decided", () => {
    const tenants = Array.from({ length: 600 }, (_, n) => (n % 3 === 0 ? `t${n % 50}` : "large"))
    const events = journalOf(tenants)
    const steps = parts(windowOf(events))
    expect(steps.some(({ reached }) => (reached.ahead?.length ?? 0) > 1)).toBe(true)
    for (const [n, { reached }] of steps.entries()) {
      const done = steps.slice(0, n + 1).flatMap(({ part }) => part)
      const from = events.findIndex(({ position }) => position === reached.position) + 1
      const again = windowOf(events.slice(from), { name: "reconciler", ...reached })
      expect(again.unmet).toEqual([])
      const rest = parts(again)
      const left = rest.flatMap(({ part }) => part)
      expect(new Set([...done, ...left]).size).toBe(events.length)
      expect(done.length + left.length).toBe(events.length)
      if (rest.length > 0) expect(rest.at(-1)!.reached).toEqual({ position: "p599", eventId: "id599" })
    }
  })

  it("names a tenant whose last decided fact is not in the journal that is read", () => {
    const ahead = [{ tenant: "b", position: "p9", eventId: "id9" }]
    const window = windowOf(journalOf(["a", "b", "b"]), { name: "reconciler", position: "p", eventId: "id", ahead })
    expect(window.unmet).toEqual(["b"])
  })

  it("holds no more than its limit, of decided facts too, and has room again where the oldest are decided", () => {
    const window = windowOf(journalOf([...many("large", WINDOW_FACTS - 1), "b"]))
    expect(window.room).toBe(0)
    window.decided(window.take())
    expect(window.room).toBe(SHARED_EVENTS)
    const few = window.take()
    expect(few.map(tenantOf)).toEqual(["b"])
    window.decided(few)
    expect(window.room).toBe(SHARED_EVENTS)
  })

  it("has a part of its own for each event that names hundreds of entities", () => {
    const types = ["RecordObserved", "RecordGone", "EntitiesListed", "EntitiesListed", "RecordObserved"]
    const events = types.map((type, n) => eventOf("a", n, type))
    expect(parts(windowOf(events)).map(({ part }) => part.map(({ type }) => type))).toEqual([
      ["RecordObserved", "RecordGone"],
      ["EntitiesListed"],
      ["EntitiesListed"],
      ["RecordObserved"],
    ])
  })
})
