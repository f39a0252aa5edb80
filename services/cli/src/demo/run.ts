/** The demo: three populated systems, their first sync, the plan, arming, live edits with faults, a kill -9, and an oracle. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Dataset } from "./dataset/dataset.ts"
import { makeDataset } from "./dataset/dataset.ts"
import { makeEdits } from "./dataset/edits.ts"
import type { Sizes } from "./dataset/sizes.ts"
import type { Truth } from "./dataset/truth.ts"
import { type Engine, makeEngine } from "./engine.ts"
import { OPERATOR_TOKEN, TENANT } from "./engine.ts"
import { type Addresses, fetchLists, fetchStores, knock } from "./oracle/fetch.ts"
import { fromOperator } from "./oracle/from-operator.ts"
import { isContent, judge, type Verdict } from "./oracle/judge.ts"
import { makeOperator, type Operator } from "./operator.ts"
import { answerMatches, live } from "./people.ts"
import { makeScreen, type Screen } from "./progress.ts"
import { makeReport, tableOf } from "./report.ts"
import { introduce, makeScene } from "./scene.ts"
import { backfilled, pause, settled, still, type Watch, written } from "./settling.ts"

export interface DemoOptions {
  /** End when everything agrees, with 0 only if the oracle is content. */
  readonly once: boolean
  /** One JSON line last, and nothing else on standard output. */
  readonly json: boolean
  readonly seed: number
  readonly port?: number
  /** Says nothing on the way. */
  readonly quiet?: boolean
  /** How often the engine is killed at random moments, from its first start on, instead of once among the edits. */
  readonly kills?: number
  /** How many edits people make; 0 leaves out the edits and the kill. */
  readonly edits?: number
  /** Another size of the data set, for tests. */
  readonly sizes?: Partial<Sizes>
  /** Environment of the engine's process, for tests that plant a bug in it. */
  readonly engineEnv?: Record<string, string>
  /** Kept afterwards; without it a temporary folder, removed unless something went wrong. */
  readonly dir?: string
}

const EDITS = 120

const ADMISSION = {
  app: { contact: true, company: true, deal: true, activity: true },
  hubspot: { contact: true, company: true, deal: true, activity: true },
  odoo: { contact: true, company: true, deal: true, activity: false },
} as const

/** The one that is asked for, or any. Another Concordat on it would be taken for ours. */
const freePort = (wanted = 0): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", ({ message }) =>
      reject(new Error(wanted === 0 ? message : `--port ${wanted} can't be listened on: ${message}`)),
    )
    server.listen(wanted, "127.0.0.1", () => {
      const address = server.address()
      server.close(() =>
        address === null || typeof address === "string" ? reject(new Error("no port")) : resolve(address.port),
      )
    })
  })

interface Stage {
  readonly at: Addresses
  readonly watch: Watch
  readonly isKilledElsewhere: boolean
  readonly engine: Engine
  readonly operator: Operator
  readonly screen: Screen
}

const firstSync = async ({ at, engine, operator, screen, watch }: Stage, truth: Truth): Promise<void> => {
  await introduce(at, engine.url)
  await backfilled(operator, { ...watch, look: screen.bars })
  screen.endBars()
  await still(operator, at, watch)
  const answered = await answerMatches(operator, truth)
  if (answered > 0) await still(operator, at, watch)
  screen.say(`  ${answered} questions about deals and activities answered by a person`)
  for (const connection of ["app", "hubspot", "odoo"]) {
    const plan = await operator.plan(connection)
    const create =
      Object.entries(plan.create)
        .map(([type, count]) => `${count} ${type}`)
        .join(", ") || "nothing"
    const overwrite = plan.overwrite.reduce((all, one) => all + one.records, 0)
    screen.say(
      `  plan for ${connection}: ${plan.linked} linked, create ${create}; write ${overwrite} groups; ${plan.park.matches} matches and ${plan.park.conflicts} conflicts parked`,
    )
    await operator.ask({ _tag: "ArmRequested", connection, by: "demo", writesPerHour: null })
  }
}

/** Kills and starts the engine again, `kills` times, after some tenths of a second up to two seconds each. */
const killAtRandom = async (engine: Engine, kills: number, seed: number, watch: Watch): Promise<void> => {
  let state = seed
  for (let n = 0; n < kills; n++) {
    // A linear congruential generator (Numerical Recipes) is chance enough.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    await pause(200 + (state / 2 ** 32) * 1_800)
    watch.alive()
    await engine.stop("SIGKILL")
    await engine.start()
  }
}

/** Edits on every side; 429s, lost webhooks and answers; and the engine killed in the middle. */
const liveEdits = async (
  { at, engine, isKilledElsewhere, screen, watch }: Stage,
  dataset: Dataset,
  truth: Truth,
  count: number,
): Promise<Truth> => {
  screen.say(`People edit on every side: ${count} edits, with 429s, lost and repeated webhooks, a lost answer.`)
  const edits = makeEdits(dataset, { count })
  await knock(at.hubspot, "failNext", [{ status: 429, count: 3, match: "POST" }])
  const half = Math.ceil(edits.length / 2)
  const first = await live(at, watch, edits.slice(0, half), truth, new Map())
  if (!isKilledElsewhere) {
    screen.say("  the engine is killed (kill -9) and started again")
    await engine.stop("SIGKILL")
  }
  const missed = await live(at, watch, edits.slice(half, half + 10), first.truth, first.made)
  if (!isKilledElsewhere) await engine.start()
  await knock(at.hubspot, "failNext", [{ status: 0, count: 1, afterEffect: true, match: "batch/update" }])
  const last = await live(at, watch, edits.slice(half + 10), missed.truth, missed.made)
  return last.truth
}

const verdictOf = async (
  { at, engine }: Stage,
  truth: Truth,
): Promise<{ verdict: Verdict; records: number; entities: number }> => {
  const [records, lists] = await Promise.all([
    fetchStores(at),
    fetchLists({ address: engine.url, token: OPERATOR_TOKEN, tenant: TENANT }),
  ])
  const { entities, listed } = fromOperator(lists)
  const connections = { app: "app", hubspot: "hubspot", odoo: "odoo" } as const
  return {
    verdict: judge({ truth, records, entities, listed, admission: ADMISSION, connections }),
    records: records.length,
    entities: entities.length,
  }
}

const play = async (options: DemoOptions, dir: string, screen: Screen, signal: AbortSignal): Promise<number> => {
  const port = await freePort(options.port)
  const dataset = makeDataset({ ...options.sizes, seed: options.seed })
  screen.say("Three systems are started and filled: a product, a HubSpot portal, an Odoo 17 database.")
  const scene = await makeScene(dir, dataset)
  const engine = makeEngine(dir, port, scene.at, options.engineEnv)
  const began = Date.now()
  try {
    await engine.start()
    const operator = makeOperator(engine.url)
    const watch: Watch = {
      alive: () => {
        engine.alive()
        signal.throwIfAborted()
      },
    }
    const kills = options.kills ?? 0
    const stage: Stage = { at: scene.at, engine, operator, screen, watch, isKilledElsewhere: kills > 0 }
    const killing = killAtRandom(engine, kills, options.seed, watch)
    killing.catch(() => {
      // It is waited for below.
    })
    screen.say("First sync: everything is read, matched and compared; nothing is written.")
    await firstSync(stage, dataset.truth)
    screen.say("Armed: what differs is written.")
    const count = options.edits ?? EDITS
    if (count > 0) await written(operator, watch)
    const truth = count === 0 ? dataset.truth : await liveEdits(stage, dataset, dataset.truth, count)
    await killing
    if (count > 0) {
      // An association that changes moves no date in HubSpot: where its webhook was lost, only reading again finds it.
      // The engine does so by itself every hour (`rereadEvery`); here nobody waits for so long.
      screen.say("HubSpot is read once more, for what changes no date and whose webhook was lost.")
      await operator.readAgain("hubspot")
    }
    await settled(operator, scene.at, watch)
    if ((await answerMatches(operator, truth)) > 0) await settled(operator, scene.at, watch)
    const status = await operator.status()
    const { entities, records, verdict } = await verdictOf(stage, truth)
    const seconds = Math.round((Date.now() - began) / 100) / 10
    const writes = Object.fromEntries(
      status.connections.map(({ connection, counters }) => [
        connection,
        (counters["written.create"] ?? 0) + (counters["written.update"] ?? 0) + (counters["written.archive"] ?? 0),
      ]),
    )
    const retries = await engine.retries()
    const report = makeReport(status, verdict, { records, entities, seconds, writes, retries })
    if (options.dir !== undefined) await keepVerdict(dir, verdict)
    screen.say(tableOf(report))
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`)
    if (!options.once) {
      screen.say(`Everything stays up: ${engine.url} (operator token ${OPERATOR_TOKEN}). Ctrl-C ends it.`)
      while (!signal.aborted) await pause(200)
    }
    return isContent(verdict) ? 0 : 1
  } finally {
    await engine.stop("SIGTERM")
    await scene.stop()
  }
}

const keepVerdict = async (dir: string, verdict: Verdict): Promise<void> => {
  const { writeFile } = await import("node:fs/promises")
  await writeFile(join(dir, "verdict.json"), JSON.stringify(verdict, null, 2))
}

const staged = async (options: DemoOptions, signal: AbortSignal): Promise<number> => {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), "concordat-demo-"))
  mkdirSync(dir, { recursive: true })
  // The sandboxes that it was in agreement with are gone; against newly filled ones it would know every record wrongly.
  if (existsSync(join(dir, "concordat.sqlite")))
    throw new Error(`--dir ${dir} holds the store of an earlier demo: name an empty folder, or delete that one`)
  const screen = makeScreen(options.json, options.quiet ?? false)
  // What went wrong stands in its logs: an error that names them is no use without them. Stopped by a person, nothing went wrong.
  let isKept = true
  try {
    const code = await play(options, dir, screen, signal)
    isKept = code !== 0
    if (isKept) screen.say(`What it left is kept: ${dir}`)
    return code
  } finally {
    if (options.dir === undefined && (!isKept || signal.aborted)) rmSync(dir, { recursive: true, force: true })
  }
}

/** The demo itself failed: a process that did not start, or systems that never came to rest. */
export class DemoFailed extends Schema.TaggedError<DemoFailed>()("DemoFailed", { detail: Schema.String }) {
  override get message(): string {
    return this.detail
  }
}

/** Runs the demo; the exit code is 0 only if the oracle is content. */
export const runDemo = (options: DemoOptions): Effect.Effect<number, DemoFailed> =>
  Effect.suspend(() => {
    const stop = new AbortController()
    const playing = staged(options, stop.signal)
    return Effect.tryPromise({
      try: () => playing,
      catch: (error) => new DemoFailed({ detail: error instanceof Error ? error.message : String(error) }),
    }).pipe(
      // Stopped in the middle it takes its processes with it.
      Effect.onInterrupt(() =>
        Effect.promise(async () => {
          stop.abort()
          await Promise.allSettled([playing])
        }),
      ),
    )
  })
