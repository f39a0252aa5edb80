/** What is packed for the other thread is there what it was here. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { packReplies, packRequests, unpackReplies, unpackRequests } from "./packing.ts"
import type { Answers, CommitRequest, Envelope, Reply, Request } from "./protocol.ts"

const texts = fc.array(fc.string(), { maxLength: 5 })
const whole = fc.integer({ min: -1, max: 2 ** 40 })
const commit: fc.Arbitrary<CommitRequest> = fc
  .record({
    now: fc.double({ noNaN: true, min: 0, max: 2e12 }).map((now) => now + 0),
    streams: fc.array(fc.tuple(fc.string(), whole, fc.nat(2)), { maxLength: 4 }),
    documents: fc.array(fc.option(fc.string()), { maxLength: 8 }),
    commands: texts,
    checkpoint: fc.option(fc.tuple(fc.string(), fc.string(), fc.string(), fc.string())),
    events: texts,
  })
  .map(({ streams, ...rest }) => ({
    op: "commit",
    ...rest,
    streams: streams.map(([stream]) => stream),
    expected: streams.map(([, expected]) => expected),
    counts: streams.map(([, , count]) => count),
  }))
const request: fc.Arbitrary<Request> = fc.oneof(
  commit,
  fc.record({
    op: fc.constant("settle" as const),
    group: fc.string(),
    seq: fc.nat(),
    attempt: fc.nat(),
    due: fc.option(fc.integer({ min: 0, max: 2 ** 41 })),
  }),
  fc.record({ op: fc.constant("get" as const), ids: texts }),
  fc.record({ op: fc.constant("checkpoint" as const), name: fc.string() }),
  fc.constant<Request>({ op: "clear" }),
  fc.constant<Request>({ op: "end" }),
)
const answer: fc.Arbitrary<Answers[Request["op"]]> = fc.oneof(
  fc.record({ _tag: fc.constant("Appended" as const), position: fc.nat(), isRepeated: fc.boolean() }),
  fc.record({ _tag: fc.constant("Conflict" as const), streams: texts }),
  fc.constant(null),
  fc.nat(),
  fc.array(fc.option(fc.string()), { maxLength: 5 }),
  fc.record({ texts, numbers: fc.array(whole), reached: whole, atEnd: fc.boolean() }),
)
const reply: fc.Arbitrary<Reply> = fc.oneof(
  fc.record({ id: fc.nat(), ok: fc.constant(true as const), answer }),
  fc.record({
    id: fc.nat(),
    ok: fc.constant(false as const),
    failure: fc.record({ reason: fc.constant("full" as const), detail: fc.string() }),
  }),
)
const envelope: fc.Arbitrary<Envelope> = fc.record({ id: fc.nat(), request })

describe("what is said between the threads", () => {
  it("is, for requests, what was asked for, in its order", () => {
    fc.assert(
      fc.property(fc.array(envelope, { maxLength: 8 }), (envelopes) => {
        expect(unpackRequests(structuredClone(packRequests(envelopes)))).toEqual(envelopes)
      }),
    )
  })

  it("is, for replies, what was answered", () => {
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 8 }), (replies) => {
        expect(unpackReplies(structuredClone(packReplies(replies)))).toEqual(replies)
      }),
    )
  })

  it("holds a commit of more texts than a call takes arguments", () => {
    const events = Array.from({ length: 400_000 }, (_, n) => `${n}`)
    const large: Envelope = {
      id: 1,
      request: {
        op: "commit",
        now: 0.5,
        streams: ["a"],
        expected: [-1],
        counts: [100_000],
        events,
        documents: [],
        commands: [],
        checkpoint: null,
      },
    }
    expect(unpackRequests(packRequests([large]))).toEqual([large])
  })
})
