/** One run: a world, an engine, a script; then quiet, and what has to hold. */
import { status } from "@concordat/engine/operations/status"
import { ask } from "@concordat/engine/operations/requests"
import type * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import { act } from "./acting.ts"
import { Deployment } from "./deployment.ts"
import { tend } from "./operator.ts"
import { atRest } from "./oracle/at-rest.ts"
import { type Asked, judge } from "./oracle/judge.ts"
import type { Violation } from "./oracle/entered.ts"
import { History } from "./oracle/history.ts"
import { isolated } from "./oracle/isolation.ts"
import { replay } from "./oracle/replay.ts"
import { outcomeOf } from "./outcome.ts"
import { makeChance } from "./random.ts"
import type { Script } from "./script.ts"
import { makeStores, type Ports, type Stores } from "./store/ports.ts"
import { Timeline } from "./timeline.ts"
import { World } from "./world/world.ts"

export interface RunResult {
  readonly seed: number
  readonly violations: ReadonlyArray<Violation>
  readonly simulatedMs: number
  readonly turns: number
  /** The turn after which the first violation was seen. */
  readonly step: number
  readonly calls: number
  readonly events: number
  readonly crashes: number
  readonly gaps: number
  /** Of everything that happened, in its order. */
  readonly trace: string
  /** What happened last, for whoever looks into a failure. */
  readonly steps: ReadonlyArray<string>
}

export interface RunOptions {
  /** Keep all steps, not only their digest. */
  readonly isVerbose?: boolean
  /** Given the stores as they are at the end. */
  readonly inspect?: (stores: Stores) => void
}

const START = Date.parse("2026-03-02T08:00:00Z")
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const TENANTS = ["acme", "globex", "initech"] as const

/** How long the first sync, and the way to agreement, may take. */
const FIRST_SYNC_MS = 4 * HOUR
const ANSWER_MS = 30 * MINUTE
const AGREEMENT_MS = 3 * HOUR
/** How long nothing may be written after that: longer than any interval at which something is read again. */
const QUIET_MS = 65 * MINUTE

const runOf = async (script: Script, options: RunOptions): Promise<RunResult> => {
  const timeline = new Timeline(START)
  const chance = makeChance(`run ${script.seed}`)
  const digest = createHash("sha256")
  const steps: Array<string> = []
  const onStep = (what: string): void => {
    const line = `${new Date(timeline.now).toISOString()} ${what}`
    digest.update(line)
    if (options.isVerbose === true) steps.push(line)
  }
  const gaps = chance.fork("gaps")
  const stores = makeStores(() => gaps.between(1, 3))
  stores.log.onAppend((streams) => onStep(`+ ${streams.join(" ")}`))
  const skewMs = Object.values(script.skewMs).reduce((sum, ms) => sum + Math.abs(ms), 0)
  const histories = [script, ...script.beside].map(() => new History(() => timeline.now, skewMs))
  const violations: Array<Violation> = []
  let step = 0
  const seen = (): ReadonlyArray<Violation> => histories.flatMap((one) => one.violations)
  const noted = (): void => {
    for (const next of seen().slice(violations.length)) {
      violations.push(next)
      if (step === 0) step = timeline.turns
      onStep(`VIOLATION ${next.invariant}: ${next.detail}`)
    }
  }
  let deployment: Deployment
  const worlds = [script, ...script.beside].map(
    (story, number) =>
      new World({
        tenant: TENANTS[number]!,
        number,
        script: { ...script, ...story },
        timeline,
        chance: chance.fork(number === 0 ? "world" : `world ${number}`),
        history: histories[number]!,
        deployment: () => deployment,
        onStep: (what) => {
          onStep(what)
          noted()
        },
      }),
  )
  const sides = worlds.flatMap((world) => [...world.sides.values()])
  deployment = new Deployment({
    timeline,
    stores,
    chance: chance.fork("engine"),
    peers: worlds.flatMap(({ peers }) => peers),
    isApart: script.isApart,
    faults: script.store,
    onStep,
  })
  stores.log.onAppend((streams) => {
    for (const world of worlds) world.appended(stores.log, streams)
  })
  stores.queue.faults = { chance: chance.fork("bus"), ...script.bus }
  const result = (more: ReadonlyArray<Violation>): RunResult => {
    options.inspect?.(stores)
    return {
      seed: script.seed,
      violations: [...seen(), ...more],
      simulatedMs: timeline.now - START,
      turns: timeline.turns,
      step: step === 0 ? timeline.turns : step,
      calls: worlds.reduce((all, world) => all + world.calls, 0),
      events: stores.log.count,
      crashes: deployment.crashes,
      gaps: histories.reduce((all, { gaps: some }) => all + some, 0),
      trace: digest.digest("hex"),
      steps,
    }
  }

  /** An answer of the engine's, as soon as it can give one. */
  const asked: Asked = async <A>(question: () => Effect.Effect<A, unknown, Ports>): Promise<A | undefined> => {
    const until = timeline.now + ANSWER_MS
    while (timeline.now < until) {
      const answer = outcomeOf(deployment.ask(question()))
      timeline.promised()
      for (let waited = 0; answer.now === null && waited < 60; waited += 1) await timeline.until(timeline.now + 1_000)
      if (answer.now !== null && "value" in answer.now) return answer.now.value
      await timeline.until(timeline.now + 5_000)
    }
    return undefined
  }
  const isBackfilled = async ({ peers, tenant }: World): Promise<boolean> => {
    const now = await asked(() => status(tenant.name))
    if (now === undefined || now.connections.length < peers.length) return false
    return now.connections.every(({ backfill }) => backfill.state === "done")
  }
  const untilBackfilled = async (): Promise<boolean> => {
    const until = timeline.now + FIRST_SYNC_MS
    while (timeline.now < until) {
      await timeline.until(timeline.now + 30_000)
      const done: Array<boolean> = []
      for (const world of worlds) done.push(await isBackfilled(world))
      if (done.every(Boolean)) return true
    }
    return false
  }

  /** Time goes on until somebody is done. */
  const done = async (doing: Promise<void>): Promise<void> => {
    const outcome = outcomeOf(doing)
    const until = timeline.now + ANSWER_MS
    timeline.promised()
    while (outcome.now === null && timeline.now < until) await timeline.until(timeline.now + 1_000)
    if (outcome.now !== null && "error" in outcome.now) throw outcome.now.error
  }

  for (const world of worlds) world.connectApp()
  if (!(await untilBackfilled()))
    return result([{ invariant: "first sync", detail: `not done after ${FIRST_SYNC_MS / HOUR} h` }])
  for (const { peers } of worlds)
    for (const { connection, tenant } of peers) {
      const request = {
        _tag: "ArmRequested",
        connection: connection.name,
        by: "somebody",
        writesPerHour: null,
      } as const
      await asked(() => ask(tenant.name, request))
    }
  const began = timeline.now
  const actions = worlds
    .flatMap((world, at) => [script, ...script.beside][at]!.actions.map((action) => ({ world, action })))
    .toSorted((a, b) => a.action.at - b.action.at)
  for (const { action, world } of actions) {
    await timeline.until(began + action.at)
    if (seen().length > 0) return result([])
    act({ timeline, deployment, stores, onStep }, world, action)
  }
  await timeline.until(timeline.now + 1_000)
  onStep("everything answers from now on")
  for (const world of worlds) world.heal()
  stores.queue.faults = null
  deployment.faults = { writeMs: 0, readMs: 0, unmade: 0, unknown: 0 }
  const judged = async (): Promise<ReadonlyArray<Violation>> => {
    const found: Array<Violation> = []
    for (const [at, world] of worlds.entries())
      found.push(...(await judge({ world, history: histories[at]!, deployment, asked })))
    return found
  }
  const until = timeline.now + AGREEMENT_MS
  await timeline.until(timeline.now + MINUTE)
  for (const { tenant } of worlds) await tend(asked, tenant.name, script)
  let open: ReadonlyArray<Violation> = []
  do {
    for (const { isAttended, operators } of worlds) if (isAttended) await done(operators.decide())
    await timeline.until(timeline.now + 10 * MINUTE)
    if (seen().length > 0) return result([])
    open = await judged()
  } while (open.length > 0 && timeline.now < until)
  if (open.length > 0) return result(open)
  onStep("everything agrees")
  const writesBefore = sides.map((side) => side.writes())
  await timeline.until(timeline.now + QUIET_MS)
  const late = sides.flatMap((side, at): ReadonlyArray<Violation> => {
    const more = side.writes() - writesBefore[at]!
    return more === 0 ? [] : [{ invariant: "quiet", detail: `${more} writes to ${side.name} after everything agreed` }]
  })
  const names = worlds.map(({ tenant }) => tenant.name)
  const excess = worlds.flatMap((world, at) => world.thrift.excess(histories[at]!, (thing) => world.with.has(thing)))
  return result([
    ...late,
    ...(await judged()),
    ...excess,
    ...isolated(stores, names),
    ...(await atRest(stores, timeline, deployment.working)),
    ...(await replay(stores, timeline)),
  ])
}

/** Never fails: what throws is a violation too. */
export const run = async (script: Script, options: RunOptions = {}): Promise<RunResult> => {
  try {
    return await runOf(script, options)
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    const nothing = {
      simulatedMs: 0,
      turns: 0,
      step: 0,
      calls: 0,
      events: 0,
      crashes: 0,
      gaps: 0,
      trace: "",
      steps: [],
    }
    return { seed: script.seed, violations: [{ invariant: "thrown", detail }], ...nothing }
  }
}
