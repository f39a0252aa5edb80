/** The worker's decisions, each by itself: facets, judging a reading, answers, batches, hints, absence, the cap. */
import { assert, describe, it } from "@effect/vitest"
import { clear } from "@concordat/model/events/envelope"
import { sha256 } from "@concordat/model/ids"
import type { OpenIntentDoc, SeenDoc } from "@concordat/rules/state/documents"
import type { PlannedWrite } from "@concordat/rules/push/plan"
import { HOUR_MS, SETTLE_MAX_MS } from "../limits.ts"
import type { RawRecord, WriteOutcome } from "../ports/Provider.ts"
import { isMissing } from "./absence.ts"
import { chunked, inOrder, lastOfEach } from "./batches.ts"
import { fresh, idempotencyKey } from "./candidate.ts"
import { leftOf } from "./cap.ts"
import { appendOf } from "./events.ts"
import { hashFacets, isKnown, wholeFacets } from "./facets.ts"
import { makeHintBoard } from "./hint-board.ts"
import { type Circumstances, heldBack, judge } from "./judge.ts"
import { evolve, unseen, written } from "./seen.ts"
import { mayBeTaken, settle } from "./settle.ts"

const SOURCES = ["@companies", "email", "name"]
const VALUES = { email: "a@b.example", name: "Ann", "@companies": [{ object: "companies", id: "7" }], noise: 1 }
const record = (rest: Partial<RawRecord> = {}): RawRecord => ({ object: "contacts", id: "1", values: VALUES, ...rest })
const found = (rest: Partial<RawRecord> = {}) => ({ _tag: "Found", record: record(rest) }) as const
const at = (rest: Partial<Circumstances> = {}): Circumstances => ({
  connection: "crm",
  sources: SOURCES,
  via: "poll",
  startedAt: 1_000,
  now: 1_100,
  busyUntil: null,
  counts: false,
  ...rest,
})
const seen = (rest: Partial<SeenDoc> = {}): SeenDoc => ({
  ...unseen,
  revision: 4,
  hashes: hashFacets(VALUES, SOURCES),
  factAt: 500,
  readAt: 400,
  stamp: 50,
  ...rest,
})

describe("facets", () => {
  it("hashes what is mapped, each association by itself", () => {
    const before = hashFacets(VALUES, SOURCES)
    assert.deepStrictEqual(Object.keys(before).toSorted(), ["@companies", "fields"])
    assert.deepStrictEqual(hashFacets({ ...VALUES, noise: 2 }, SOURCES), before)
    const moved = hashFacets({ ...VALUES, "@companies": [] }, SOURCES)
    assert.strictEqual(moved["fields"], before["fields"])
    assert.notStrictEqual(moved["@companies"], before["@companies"])
  })
  it("hashes the canonical JSON of what was read of a facet, in whatever order the names are mapped", () => {
    const values = { b: { y: 1, x: "ä" }, a: "1", B: null, c: undefined as never, "@deals": [] }
    const expected = { fields: { B: null, a: "1", b: { x: "ä", y: 1 } }, "@deals": { "@deals": [] } }
    const hashes = Object.fromEntries(
      Object.entries(expected).map(([facet, part]) => [facet, sha256(JSON.stringify(part)).slice(0, 32)]),
    )
    assert.deepStrictEqual(hashFacets(values, ["b", "c", "@deals", "B", "a"]), hashes)
    assert.deepStrictEqual(hashFacets(values, ["@deals", "B", "a", "b", "c", "a"]), hashes)
    assert.deepStrictEqual(hashFacets({}, ["a", "@deals"]), {})
  })
  it("takes a part that is known for known, and an absent name for unknown, never for empty", () => {
    const known = hashFacets(VALUES, SOURCES)
    assert.isTrue(isKnown(hashFacets({ "@companies": VALUES["@companies"] }, SOURCES), known))
    assert.isFalse(isKnown(hashFacets({ email: null, name: "Ann" }, SOURCES), known))
    assert.deepStrictEqual([...wholeFacets({ email: "a", name: null }, SOURCES)], ["fields"])
    assert.deepStrictEqual([...wholeFacets({ email: "a" }, SOURCES)], [])
  })
})

describe("judging a reading", () => {
  it("news is a fact with the interval that the edit lies in", () => {
    const verdict = judge(found({ values: { ...VALUES, name: "Anna" }, stamp: 60 }), seen(), at())
    assert.strictEqual(verdict._tag, "Fact")
    if (verdict._tag !== "Fact" || verdict.data._tag !== "RecordObserved") return
    assert.include(verdict.data, { readStartedAt: 1_000, readBefore: 400, stamp: 60 })
    assert.include(verdict.seen, { revision: 5, factAt: 1_100, readAt: 1_000, stamp: 60 })
  })
  it("what is known is unchanged, even where the read was stale", () => {
    assert.strictEqual(judge(found(), seen(), at())._tag, "Unchanged")
    assert.strictEqual(judge(found(), seen({ factAt: 2_000 }), at())._tag, "Unchanged")
  })
  it("a read that began before the newest fact, or before a write had ended, is stale", () => {
    const other = found({ values: { ...VALUES, name: "Anna" } })
    assert.strictEqual(judge(other, seen({ factAt: 1_000 }), at())._tag, "Stale")
    assert.strictEqual(judge(other, seen(), at({ busyUntil: Number.POSITIVE_INFINITY }))._tag, "Stale")
    assert.strictEqual(judge(other, seen(), at({ busyUntil: 1_000 }))._tag, "Stale")
    assert.strictEqual(judge(other, seen(), at({ busyUntil: 999 }))._tag, "Fact")
  })
  it("an older stamp counts only when it was read by id", () => {
    const older = found({ values: { ...VALUES, name: "Anna" }, stamp: 40 })
    assert.strictEqual(judge(older, seen(), at())._tag, "Older")
    assert.strictEqual(judge(older, seen(), at({ counts: true }))._tag, "Fact")
  })
  it("gone is said once, clears what is known, and the record that is back is news", () => {
    const gone = { _tag: "Gone", object: "contacts", id: "1", reason: "deleted" } as const
    const verdict = judge(gone, seen(), at())
    assert.strictEqual(verdict._tag, "Fact")
    if (verdict._tag !== "Fact") return
    assert.deepStrictEqual(verdict.seen.hashes, {})
    assert.strictEqual(judge(gone, verdict.seen, at({ startedAt: 2_000 }))._tag, "Nothing")
    assert.strictEqual(judge(gone, null, at())._tag, "Nothing")
    assert.strictEqual(judge(found(), verdict.seen, at({ startedAt: 2_000 }))._tag, "Fact")
  })
  it("a converted record names what is to be read", () => {
    const into = [{ object: "deals", id: "9" }]
    const verdict = judge({ _tag: "Converted", object: "contacts", id: "1", into }, seen(), at())
    assert.deepStrictEqual(verdict._tag === "Fact" ? verdict.follow : [], into)
  })
})

describe("what is known after a write", () => {
  const answer = { stamp: 70, version: "v2" }
  it("is the whole facet where the answer held it, and nothing of it otherwise", () => {
    const sent = { name: "Anna" }
    const whole = written(seen(), sent, { email: "a@b.example", name: "anna" }, answer, SOURCES, 900)
    assert.isTrue(isKnown(hashFacets({ ...VALUES, name: "anna" }, SOURCES), whole.hashes))
    const part = written(seen(), sent, { name: "anna" }, answer, SOURCES, 900)
    assert.deepStrictEqual(Object.keys(part.hashes), ["@companies"])
    assert.deepStrictEqual(Object.keys(written(seen(), sent, undefined, answer, SOURCES, 900).hashes), ["@companies"])
  })
  it("follows from the stream too, never claiming more than it", () => {
    const events = [
      { type: "RecordObserved", data: { values: clear(VALUES), stamp: 50, readStartedAt: 10 } },
      { type: "WriteIntended", data: {} },
      { type: "RecordWritten", data: { stamp: 70 } },
    ].map((event, revision) => ({ ...event, revision, at: 100 * revision }))
    const before = evolve(unseen, events[0]!, SOURCES)
    assert.deepStrictEqual(before.hashes, hashFacets(VALUES, SOURCES))
    const after = events.reduce((known, event) => evolve(known, event, SOURCES), unseen)
    assert.include(after, { revision: 2, stamp: 70, factAt: 200 })
    assert.deepStrictEqual(after.hashes, {})
  })
})

const plan: PlannedWrite = {
  kind: "update",
  type: "contact",
  entity: "e1",
  due: 3,
  object: "contacts",
  id: "1",
  ownId: "abcd1234-e1",
  groups: { name: { firstName: "Anna" } },
  values: { name: "Anna" },
  before: { name: "Ann" },
  lookup: {},
  waiting: [],
  unresolved: [],
}

const intent = (rest: Partial<OpenIntentDoc> = {}): OpenIntentDoc => ({
  stream: "record-00.t.crm.contacts.1",
  streamRevision: 5,
  data: { ...fresh("hubspot", "crm", plan).data },
  attempts: 1,
  nextAt: 0,
  job: null,
  until: 0,
  ...rest,
})

describe("records that are told together", () => {
  it("[R18] what others became part of is not seen for the first time before they are known to have", () => {
    const merged = { _tag: "Merged", object: "contacts", id: "2", into: "1" } as const
    /** One that is written to while it is read, and the record that it is part of now. */
    const told = (busyUntil: number | null, before: SeenDoc | null) => {
      const [part, whole] = [
        { reading: merged, before: seen() },
        { reading: found(), before },
      ] as const
      const judged = [
        { ...part, verdict: judge(part.reading, part.before, at({ busyUntil, counts: true })) },
        { ...whole, verdict: judge(whole.reading, whole.before, at({ counts: true })) },
      ]
      return heldBack(judged).map(({ verdict }) => verdict._tag)
    }
    assert.deepStrictEqual(told(null, null), ["Fact", "Fact"])
    assert.deepStrictEqual(told(1_000, null), ["Stale", "Stale"])
    assert.deepStrictEqual(told(1_000, seen({ hashes: {} })), ["Stale", "Fact"])
  })
})

describe("answers", () => {
  const refused = (retry: boolean): WriteOutcome => ({
    _tag: "Refused",
    code: "busy",
    message: "locked",
    effect: "none",
    retry,
  })
  it("what was sent is the answer, all else in it an observation", () => {
    const outcome: WriteOutcome = { _tag: "Written", id: "1", held: { name: "anna", email: "new@b.example" } }
    const settled = settle(intent(), outcome, 100, 0)
    assert.strictEqual(settled._tag, "Written")
    if (settled._tag !== "Written") return
    assert.deepStrictEqual(settled.data.held, clear({ name: "anna" }))
    assert.deepStrictEqual(settled.beside, { email: "new@b.example" })
  })
  it("what is found at a second try is what the first has made, where the provider says so; at a first try it is another's", () => {
    const outcome: WriteOutcome = { _tag: "Written", id: "1", adopted: true, made: ["name"] }
    const made = (attempts: number, answer: WriteOutcome) => {
      const settled = settle(intent({ attempts }), answer, 100, 0)
      return settled._tag === "Written" ? settled.data.made : null
    }
    assert.deepStrictEqual(made(2, outcome), ["name"])
    assert.isUndefined(made(1, outcome))
    assert.isUndefined(made(2, { _tag: "Written", id: "1", adopted: true }))
    // That very try was answered, and was broken off after that.
    assert.deepStrictEqual(made(1, { ...outcome, held: { name: "anna" } }), ["name"])
  })
  it("a busy record is tried five times, a refused one once", () => {
    const first = settle(intent(), refused(true), 100, 0.5)
    assert.isTrue(first._tag === "Open" && first.intent.nextAt > 100)
    assert.strictEqual(settle(intent({ attempts: 5 }), refused(true), 100, 0.5)._tag, "Refused")
    assert.strictEqual(settle(intent(), refused(false), 100, 0.5)._tag, "Refused")
  })
  it("what is refused since its record is not there is tried as often, and is known not to have been taken", () => {
    const absent = (effect: "none" | "unknown"): WriteOutcome => ({
      _tag: "Refused",
      code: "missing",
      message: "not there",
      effect,
      retry: false,
    })
    assert.strictEqual(settle(intent({ attempts: 5 }), absent("none"), 100, 0.5)._tag, "Refused")
    assert.strictEqual(settle(intent(), absent("unknown"), 100, 0.5)._tag, "Refused")
    const after = (rest: Partial<OpenIntentDoc>) => {
      const settled = settle(intent(rest), absent("none"), 100, 0.5)
      return settled._tag === "Open" && mayBeTaken(settled.intent)
    }
    assert.isFalse(after({}))
    assert.isFalse(after({ attempts: 2, untaken: 1 }))
    // Of the first try no answer came.
    assert.isTrue(after({ attempts: 2 }))
  })
  it("a failed precondition is no refusal: somebody was quicker", () => {
    const outcome: WriteOutcome = { ...refused(false), code: "precondition" } as WriteOutcome
    assert.strictEqual(settle(intent(), outcome, 100, 0)._tag, "Overtaken")
  })
  it("a job is asked about, and counts as unknown when it never ends", () => {
    const outcome: WriteOutcome = { _tag: "Pending", job: { id: "j" } }
    const pending = settle(intent(), outcome, 100, 0)
    assert.deepInclude(pending._tag === "Open" ? pending.intent : {}, { job: { id: "j" }, until: 100 })
    const late = settle(intent({ job: { id: "j" }, until: 100 }), outcome, 100 + SETTLE_MAX_MS, 0)
    assert.isTrue(late._tag === "Open" && late.intent.job === null)
  })
  it("the key names the value and the due sequence: A, B, A are three writes", () => {
    const key = (due: number, name: string) => idempotencyKey("hubspot", { ...plan, due, values: { name } })
    assert.strictEqual(new Set([key(1, "A"), key(2, "B"), key(3, "A")]).size, 3)
    assert.strictEqual(key(1, "A"), key(1, "A"))
  })
})

describe("events", () => {
  it("the same fact at the same place has the same id, at whatever time it is said", () => {
    const facts = [{ data: { _tag: "RecordGone", a: 1 } }, { data: { _tag: "RecordGone", a: 1 } }]
    const [one, two] = [appendOf("record-x", 3, facts, 0), appendOf("record-x", 3, facts, 9_999)]
    assert.deepStrictEqual(
      one.events.map(({ id }) => id),
      two.events.map(({ id }) => id),
    )
    assert.notStrictEqual(one.events[0]!.id, one.events[1]!.id)
    assert.strictEqual(one.events[0]!.metadata["$correlationId"], one.events[0]!.id)
  })
})

describe("batches", () => {
  it("are cut to size, and objects come after those that they refer to", () => {
    assert.deepStrictEqual(chunked([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]])
    assert.deepStrictEqual(
      lastOfEach(["a1", "b1", "a2"], (text) => text[0]!),
      ["a2", "b1"],
    )
    const after: Record<string, ReadonlyArray<string>> = { deals: ["contacts", "companies"], contacts: ["companies"] }
    assert.deepStrictEqual(
      inOrder(["deals", "contacts", "companies"], (name) => after[name] ?? []),
      ["companies", "contacts", "deals"],
    )
    assert.deepStrictEqual(
      inOrder(["a", "b"], (name) => (name === "a" ? ["b"] : ["a"])),
      ["b", "a"],
    )
  })
})

describe("hints", () => {
  const hint = (id: string, kind: "changed" | "created" = "changed") => ({ object: "contacts", id, kind }) as const
  it("are coalesced by record, and a delivery is done when all that it named was looked at", () => {
    const board = makeHintBoard(0)
    board.add(hint("1"), 0, 5)
    board.add(hint("1"), 0, 6)
    board.add(hint("2"), 0, 6)
    const taken = board.take(0, () => 10)
    assert.lengthOf(taken, 2)
    assert.strictEqual(board.doneTo(6), 4)
    board.looked(taken[0]!, true, 10)
    assert.strictEqual(board.doneTo(6), 5)
    board.looked(taken[1]!, true, 10)
    assert.strictEqual(board.doneTo(6), 6)
    assert.strictEqual(board.pending(), 0)
  })
  it("are looked at again where the provider may have been too quick", () => {
    const board = makeHintBoard(3_000)
    board.add(hint("1"), 0, 1)
    board.looked(board.take(0, () => 10)[0]!, true, 100)
    assert.strictEqual(board.nextAt(), 3_100)
    assert.strictEqual(board.pending(), 0)
    assert.strictEqual(board.doneTo(1), 0)
    board.looked(board.take(3_100, () => 10)[0]!, true, 3_200)
    assert.isNull(board.nextAt())
    assert.strictEqual(board.doneTo(1), 1)
  })
  it("of a created record that is not there yet come back three times", () => {
    const board = makeHintBoard(0)
    board.add(hint("1", "created"), 0, null)
    let looks = 0
    for (let next = board.nextAt(); next !== null; next = board.nextAt()) {
      board.looked(board.take(next, () => 1)[0]!, false, next)
      looks += 1
    }
    assert.strictEqual(looks, 4)
  })
  it("that come in while their record is read are looked at after it", () => {
    const board = makeHintBoard(0)
    board.add(hint("1"), 0, null)
    const [taken] = board.take(0, () => 1)
    board.add(hint("1"), 5, null)
    assert.lengthOf(
      board.take(5, () => 1),
      0,
    )
    board.looked(taken!, true, 10)
    assert.lengthOf(
      board.take(10, () => 1),
      1,
    )
  })
  it("share a read where the one for the first of them shows enough", () => {
    const about = (id: string, facet?: string) => ({ ...hint(id), ...(facet === undefined ? {} : { about: facet }) })
    const board = makeHintBoard(0)
    board.add(about("1", "fields"), 0, 1)
    board.add(about("2", "@companies"), 0, 1)
    board.add(about("3"), 0, 1)
    board.add(about("4", "fields"), 0, 1)
    const ids = () => board.take(0, () => 10).map(({ id }) => id)
    assert.deepStrictEqual(ids(), ["1", "4"])
    // The own fields come with every read.
    board.add(about("5", "fields"), 0, 1)
    assert.deepStrictEqual(ids(), ["2", "5"])
    board.add(about("6", "@deals"), 0, 1)
    assert.deepStrictEqual(ids(), ["3", "6"])
  })
  it("that come again later are due and of that moment", () => {
    const board = makeHintBoard(3_000)
    board.add(hint("1"), 5, 1, 2)
    const [first] = board.take(5, () => 1)
    assert.include(first, { hintedAt: 2, isPlain: true })
    board.looked(first!, true, 100)
    assert.include(board.take(3_100, () => 1)[0], { hintedAt: 3_100 })
  })
})

describe("absence", () => {
  it("counts for what was known before the list began", () => {
    const listed = new Set(["1"])
    assert.isTrue(isMissing("2", seen(), listed, 1_000))
    assert.isFalse(isMissing("1", seen(), listed, 1_000))
    assert.isFalse(isMissing("2", seen({ factAt: 1_500 }), listed, 1_000))
    assert.isFalse(isMissing("2", seen({ gone: true }), listed, 1_000))
  })
})

describe("the cap", () => {
  it("holds by the hour, for a day after arming", () => {
    const doc = { armedAt: 0, writesPerHour: 10 }
    assert.strictEqual(leftOf(doc, { hour: 0, writes: 7 }, HOUR_MS - 1), 3)
    assert.strictEqual(leftOf(doc, { hour: 0, writes: 7 }, HOUR_MS), 10)
    assert.isNull(leftOf(doc, { hour: 0, writes: 7 }, 24 * HOUR_MS))
    assert.isNull(leftOf({ armedAt: 0, writesPerHour: null }, { hour: 0, writes: 7 }, 0))
  })
})
