/** The harness of the benchmark: what it takes, what it answers, and one small line from end to end. No figure is judged. */
import { execFile } from "node:child_process"
import type { HeapProfiler } from "node:inspector"
import { promisify } from "node:util"
import { join } from "node:path"
import { partitionOf } from "@concordat/model/streams"
import { assert, describe, it } from "vitest"
import { readArguments } from "./harness/arguments.ts"
import { allocationTree, callTree } from "./harness/call-tree.ts"
import { flameGraph } from "./harness/flame-graph.ts"
import { hottest, largest } from "./harness/hottest.ts"
import { met, quantile, ratio, type Row } from "./harness/line.ts"
import { json, table } from "./harness/report.ts"
import { LINES } from "./lines.ts"
import { tenantsOf } from "./production.ts"

const KNOWN = ["journal-writers", "first-sync"]
const PROBE = { perSecond: 1_000, p50Ms: 1, p99Ms: 2, load: 0 }

const row = (given: Partial<Row>): Row => ({
  name: "some",
  what: "something",
  value: 10,
  unit: "events/s",
  better: "more",
  target: 8,
  beside: { name: "raw", value: 20 },
  durable: true,
  about: { journal: "none", ran: "nowhere", detail: {} },
  ...given,
})

/** Where `outer` takes 3 ms, of which `inner` takes 2. */
const PROFILE = {
  nodes: [
    {
      id: 1,
      callFrame: { functionName: "(root)", scriptId: "0", url: "", lineNumber: 0, columnNumber: 0 },
      children: [2],
    },
    {
      id: 2,
      callFrame: {
        functionName: "outer",
        scriptId: "1",
        url: "file:///x/packages/rules/src/a.ts",
        lineNumber: 4,
        columnNumber: 0,
      },
      children: [3],
    },
    {
      id: 3,
      callFrame: {
        functionName: "inner",
        scriptId: "1",
        url: "file:///x/packages/rules/src/b.ts",
        lineNumber: 6,
        columnNumber: 0,
      },
    },
  ],
  startTime: 0,
  endTime: 3_000,
  samples: [2, 3, 3, 2],
  timeDeltas: [0, 1_000, 1_000, 1_000],
}

describe("benchmark", () => {
  it("takes lines by name and its flags, and says what it does not know", () => {
    assert.deepStrictEqual(readArguments(["first-sync", "--quick", "--json", "--people", "50"], KNOWN), {
      names: ["first-sync"],
      quick: true,
      json: true,
      list: false,
      profile: false,
      allocations: false,
      people: 50,
    })
    assert.include(
      readArguments(["fastest"], KNOWN),
      "there is no line fastest; there are: journal-writers, first-sync",
    )
    assert.include(readArguments(["--slow"], KNOWN), "--quick")
    assert.include(readArguments(["--profile", "--allocations"], KNOWN), "one of them at a time")
    assert.include(readArguments(["--people", "many"], KNOWN), "no number of records")
  })

  it("holds more to at least and less to at most, and compares with what stands beside", () => {
    assert.isTrue(met(row({})))
    assert.isFalse(met(row({ value: 7 })))
    assert.isTrue(met(row({ better: "less", value: 8 })))
    assert.isFalse(met(row({ better: "less", value: 9 })))
    assert.isNull(met(row({ target: null })))
    assert.strictEqual(ratio(row({})), 0.5)
    assert.isNull(ratio(row({ beside: null })))
    assert.deepStrictEqual([quantile([3, 1, 2], 0.5), quantile([3, 1, 2], 0.99)], [2, 3])
    assert.throws(() => quantile([], 0.5), "nothing was measured")
  })

  it("says all of a line in the table and in one line of JSON, and what could not be measured", () => {
    const outcome = { lines: [{ ...row({}), probe: PROBE }], missing: { verify: "there is none" }, probe: PROBE }
    const text = table(outcome)
    for (const word of ["some", "10", "≥ 8", "yes", "0.5 ×", "raw 20", "verify: not measured, there is none"])
      assert.include(text, word)
    const said = json(outcome)
    assert.notInclude(said, "\n")
    const { lines, missing, probe } = JSON.parse(said)
    const { about, better, probe: ofTheMoment, ...promised } = lines[0]
    assert.deepStrictEqual(promised, {
      name: "some",
      value: 10,
      unit: "events/s",
      target: 8,
      met: true,
      beside: { name: "raw", value: 20 },
      ratio: 0.5,
      durable: true,
    })
    assert.deepStrictEqual([better, about.journal, ofTheMoment], ["more", "none", PROBE])
    assert.deepStrictEqual([missing, probe], [{ verify: "there is none" }, PROBE])
  })

  it("makes of a profile what each function took by itself and with what it calls", () => {
    const outer = callTree(PROFILE).children.get("outer rules/src/a.ts:5")!
    assert.deepStrictEqual([outer.self, outer.total], [1, 3])
    assert.match(hottest(PROFILE), /66\.7 % self +66\.7 % with callees +inner {2}rules\/src\/b\.ts:7/)
    assert.match(hottest(PROFILE), /33\.3 % self +100\.0 % with callees +outer {2}rules\/src\/a\.ts:5/)
    const page = flameGraph("first-sync", PROFILE)
    assert.include(page, '["inner","rules/src/b.ts:7",2,2,[]]')
    assert.notMatch(page, /(src|href)=/)
  })

  it("makes of what was allocated the same tables, in bytes", () => {
    type Node = HeapProfiler.SamplingHeapProfileNode
    const called = (index: number, selfSize: number, children: Array<Node>): Node => ({
      callFrame: PROFILE.nodes[index]!.callFrame,
      selfSize,
      children,
    })
    const map: Node = { ...called(2, 500, []), callFrame: { ...PROFILE.nodes[0]!.callFrame, functionName: "map" } }
    // The same function called from two places is one, and V8's own is part of who called it.
    const head = called(0, 0, [called(1, 500, [called(2, 1_500, []), called(2, 1_500, []), map])])
    const outer = allocationTree({ head }).children.get("outer rules/src/a.ts:5")!
    assert.deepStrictEqual([outer.self, outer.total, outer.children.size], [1_000, 4_000, 1])
    const { allocated, text } = largest({ head })
    assert.strictEqual(allocated, 4_000)
    assert.match(text, /75\.0 % self +75\.0 % with callees +inner {2}rules\/src\/b\.ts:7/)
  })

  it("has each line once, and none that takes minutes in a quick run", () => {
    const names = LINES.map(({ name }) => name)
    assert.lengthOf(new Set(names), names.length)
    for (const long of ["idle", "memory-live", "memory-replay", "production", "wire", "growth"])
      assert.isFalse(LINES.find(({ name }) => name === long)?.quick, long)
  })

  it("puts one tenant into each share, so that owners of as many shares have as much to do", () => {
    assert.deepStrictEqual(
      tenantsOf("some").map((tenant) => partitionOf(tenant)[0]),
      [..."0123456789abcdef"],
    )
  })

  it("measures idle connections and the memory over a store, in small", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(import.meta.dirname, "main.ts"),
      "idle",
      "memory-live",
      "memory-replay",
      "--quick",
      "--people",
      "20",
      "--json",
    ])
    const { lines, missing } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!)
    assert.deepStrictEqual(missing, {})
    assert.deepStrictEqual(
      lines.map(({ name }: Row) => name),
      ["idle", "idle, memory", "memory-live", "memory-replay"],
    )
    for (const { about, beside, value } of lines) {
      assert.isAbove(value, 0)
      if (beside !== null) assert.isAbove(beside.value, 0)
      assert.include([about.detail.connections, about.detail.people], 20)
    }
  }, 900_000)

  it("runs a line in a process of its own and ends with one line of JSON", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(import.meta.dirname, "main.ts"),
      "journal-writers",
      "--people",
      "640",
      "--json",
    ])
    const { lines, missing, probe } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!)
    assert.deepStrictEqual(missing, {})
    assert.strictEqual(lines[0].name, "journal-writers")
    for (const figure of [lines[0].value, lines[0].beside.value, lines[0].ratio, probe.perSecond])
      assert.isAbove(figure, 0)
  })
})
