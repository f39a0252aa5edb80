/** What the client answers by itself is what the thread would say: any reads between any writes, told by a store that is asked each. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { StatementSync } from "node:sqlite"
import { afterEach, describe, expect, it, vi } from "vitest"
import { openClient } from "./client.ts"
import { type Answers, NOTHING, type Reply, type Request } from "./protocol.ts"
import { openStore } from "./store.ts"

const STREAMS = ["record-0a.t.c.1", "record-0a.t.c.2", "contact-0a.t.1"]
const KEYS = ["a", "b", "c"]

/** By stream, its last revision. */
type Ends = Map<string, number>
/** A request, where the streams have their ends. */
type Planned = (ends: Ends) => Request

const endOf = (ends: Ends, stream: string): number => ends.get(stream) ?? -1
const fixed =
  (request: Request): Planned =>
  () =>
    request

const ids = fc.subarray(KEYS, { minLength: 1 }).map((keys) => keys.flatMap((key) => ["t", "seen", key]))
const commit = fc
  .record({
    appends: fc.uniqueArray(fc.tuple(fc.constantFrom(...STREAMS), fc.nat(3), fc.constantFrom(0, 0, 0, 0, 1, -1)), {
      selector: ([stream]) => stream,
      maxLength: 3,
    }),
    documents: fc.array(fc.tuple(fc.constantFrom(...KEYS), fc.constantFrom("1", "2", null)), { maxLength: 2 }),
    checkpoint: fc.constantFrom(null, "1", "2"),
  })
  .map(({ appends, checkpoint, documents }): Planned => (ends) => {
    const expected = appends.map(([stream, , off]) => endOf(ends, stream) + off)
    return {
      ...NOTHING,
      streams: appends.map(([stream]) => stream),
      expected,
      counts: appends.map(([, count]) => count),
      events: appends.flatMap(([stream, count], i) =>
        Array.from({ length: count }, (_, n) => [
          `00000000-0000-5000-8000-${`${STREAMS.indexOf(stream)}0${expected[i]! + n + 2}`.padStart(12, "0")}`,
          "RecordObserved",
          `{"n":${n}}`,
          `{"at":"${n}"}`,
        ]).flat(),
      ),
      documents: documents.flatMap(([key, value]) => ["t", "seen", key, value]),
      checkpoint: checkpoint === null ? null : ["reconciler", checkpoint, "e", ""],
      now: 0,
    }
  })
const stream = fc.constantFrom(...STREAMS)
const planned: fc.Arbitrary<Planned> = fc.oneof(
  { weight: 6, arbitrary: commit },
  { weight: 2, arbitrary: ids.map((asked) => fixed({ op: "get", ids: asked })) },
  fc.constant(fixed({ op: "checkpoint", name: "reconciler" })),
  fc.constant(fixed({ op: "end" })),
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(20), fc.subarray(["record-", "contact-0a"]), fc.integer({ min: 1, max: 4 }))
      .map(([after, prefixes, limit]) => fixed({ op: "all", after, prefixes, limit, without: null })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(stream, fc.constantFrom(0, 1, 2, 5, 99), fc.boolean(), fc.integer({ min: 1, max: 4 }))
      .map(([name, from, backward, limit]) => fixed({ op: "stream", stream: name, from, backward, limit })),
  },
  fc
    .tuple(stream, fc.constantFrom<number | "all">(1, 2, "all"))
    .map(([name, before]) => fixed({ op: "forget", stream: name, before })),
  fc.tuple(stream, fc.nat(4)).map(([name, revision]) => fixed({ op: "skip", stream: name, revision })),
  fc.constant(fixed({ op: "clear" })),
)

const moved = (ends: Ends, request: Request, answer: Answers[Request["op"]]): void => {
  if (request.op === "skip") ends.set(request.stream, Math.max(endOf(ends, request.stream), request.revision - 1))
  if (request.op !== "commit" || (answer as Answers["commit"])._tag === "Conflict") return
  for (const [i, stream] of request.streams.entries()) ends.set(stream, request.expected[i]! + request.counts[i]!)
}

/** Of a stream that has ended after so many events the thread does not know so until it is asked once more. */
const shown = (op: Request["op"], answer: Answers[Request["op"]]): unknown =>
  op === "stream" ? { ...(answer as Answers["stream"]), atEnd: null } : answer

afterEach(() => {
  vi.restoreAllMocks()
})

describe("what the client answers by itself", () => {
  it("is what the thread would say", () =>
    fc.assert(
      fc.asyncProperty(fc.array(planned, { maxLength: 150, size: "max" }), (plans) =>
        Effect.gen(function* () {
          const client = yield* openClient({ path: ":memory:", inPlace: true })
          const store = yield* Effect.acquireRelease(
            Effect.sync(() => openStore(":memory:")),
            (opened) => Effect.sync(opened.close),
          )
          const ends: Ends = new Map()
          for (const plan of plans) {
            const one = plan(ends)
            let told: Reply | undefined
            store.handle([{ id: 1, request: one }], ([reply]) => (told = reply))
            const answered = yield* Effect.result(client.request(one))
            if (Result.isFailure(answered) || told?.ok !== true) {
              expect(Result.isFailure(answered) && told?.ok === false).toBe(true)
              continue
            }
            const answer = answered.success as Answers[Request["op"]]
            expect(shown(one.op, answer)).toEqual(shown(one.op, told.answer))
            moved(ends, one, answer)
          }
        }).pipe(Effect.scoped, Effect.runPromise),
      ),
      { numRuns: 30 },
    ))

  it("costs no question to the thread where it was just written or read", () =>
    Effect.gen(function* () {
      const client = yield* openClient({ path: ":memory:", inPlace: true })
      const [id, none] = [
        ["t", "seen", "a"],
        ["t", "seen", "b"],
      ]
      yield* client.request({ op: "get", ids: none })
      yield* client.request({
        ...NOTHING,
        streams: ["record-0a.t.c.1"],
        expected: [-1],
        counts: [1],
        events: ["00000000-0000-5000-8000-000000000001", "RecordObserved", "{}", "{}"],
        documents: [...id, "1"],
        checkpoint: ["reconciler", "1", "e", ""],
        now: 0,
      })
      const asked = [vi.spyOn(StatementSync.prototype, "get"), vi.spyOn(StatementSync.prototype, "all")]
      expect(yield* client.request({ op: "get", ids: [...id, ...none] })).toEqual(["1", null])
      expect(yield* client.request({ op: "checkpoint", name: "reconciler" })).toContain("1")
      expect(yield* client.request({ op: "end" })).toBe(1)
      const prefixes = ["record-"]
      const all = yield* client.request({ op: "all", after: 0, prefixes, limit: 9, without: "contents" })
      const stream = "record-0a.t.c.1"
      const read = yield* client.request({ op: "stream", stream, from: 0, backward: false, limit: 9 })
      expect([all.numbers, read.numbers]).toEqual([
        [0, 1],
        [0, 1],
      ])
      for (const one of asked) expect(one).not.toHaveBeenCalled()
    }).pipe(Effect.scoped, Effect.runPromise))
})
