/** One run: a world, an engine, a script; then quiet, and what has to hold. */
import { status } from "@concordat/engine/operations/status"
import { ask } from "@concordat/engine/operations/requests"
import type * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import { Deployment } from "./deployment.ts"
import { type Asked, judge } from "./oracle/judge.ts"
import { History, type Violation } from "./oracle/history.ts"
import { replay } from "./oracle/replay.ts"
import { outcomeOf } from "./outcome.ts"
import { makeChance } from "./random.ts"
import type { Action, Script } from "./script.ts"
import { makeStores, type Ports, type Stores } from "./store/ports.ts"
import { Timeline } from "./timeline.ts"
import { keyFor } from "./world/things.ts"
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
const TENANT = "acme"

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
  const history = new History(() => timeline.now)
  const violations: Array<Violation> = []
  let step = 0
  const noted = (): void => {
    for (; violations.length < history.violations.length;) {
      const next = history.violations[violations.length]!
      violations.push(next)
      if (step === 0) step = timeline.turns
      onStep(`VIOLATION ${next.invariant}: ${next.detail}`)
    }
  }
  let deployment: Deployment
  const world = new World({
    tenant: TENANT,
    script,
    timeline,
    chance: chance.fork("world"),
    history,
    deployment: () => deployment,
    onStep: (what) => {
      onStep(what)
      noted()
    },
  })
  deployment = new Deployment({
    timeline,
    stores,
    chance: chance.fork("engine"),
    peers: world.peers,
    isApart: script.isApart,
    faults: script.store,
    onStep,
  })
  stores.queue.faults = { chance: chance.fork("bus"), ...script.bus }
  const result = (more: ReadonlyArray<Violation>): RunResult => {
    options.inspect?.(stores)
    return {
      seed: script.seed,
      violations: [...history.violations, ...more],
      simulatedMs: timeline.now - START,
      turns: timeline.turns,
      step: step === 0 ? timeline.turns : step,
      calls: world.calls,
      events: stores.log.count,
      crashes: deployment.crashes,
      gaps: history.gaps,
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
  const untilBackfilled = async (): Promise<boolean> => {
    const until = timeline.now + FIRST_SYNC_MS
    while (timeline.now < until) {
      await timeline.until(timeline.now + 30_000)
      const now = await asked(() => status(TENANT))
      if (now === undefined || now.connections.length < script.sides.length) continue
      if (now.connections.every(({ backfill }) => backfill.state === "done")) return true
    }
    return false
  }

  const act = (action: Action): void => {
    timeline.promised()
    switch (action.kind) {
      case "edit":
        return void world
          .edit(action.side, keyFor(action.of, action.number + 1), action.group, action)
          .catch(timeline.fail)
      case "create":
        return void world.create(action.side, action.of).catch(timeline.fail)
      case "remove":
        return void world.reshaping.remove(action.side, keyFor(action.of, action.number + 1)).catch(timeline.fail)
      case "restore":
        return void world.reshaping.restore(action.side, keyFor(action.of, action.number + 1)).catch(timeline.fail)
      case "merge": {
        const [winner, loser] = [keyFor(action.of, action.number + 1), keyFor(action.of, action.other + 1)]
        return void world.reshaping.merge(action.side, winner, loser).catch(timeline.fail)
      }
      case "crash": {
        const group = deployment.groups[action.victim % deployment.groups.length]!
        onStep(`${group.name} will die in ${action.turns} turns`)
        return deployment.crash(group.name, action.turns, action.downMs)
      }
      case "loseBus":
        onStep("the bus loses its store")
        return stores.queue.lose()
      case "dropState":
        onStep("the state is dropped")
        for (const { process } of deployment.groups) process.crash()
        return stores.documents.clear()
    }
  }

  world.connectApp()
  if (!(await untilBackfilled()))
    return result([{ invariant: "first sync", detail: `not done after ${FIRST_SYNC_MS / HOUR} h` }])
  for (const connection of script.sides)
    await asked(() => ask(TENANT, { _tag: "ArmRequested", connection, by: "somebody", writesPerHour: null }))
  const began = timeline.now
  for (const action of script.actions) {
    await timeline.until(began + action.at)
    if (history.violations.length > 0) return result([])
    act(action)
  }
  await timeline.until(timeline.now + 1_000)
  onStep("everything answers from now on")
  world.heal()
  stores.queue.faults = null
  deployment.faults = { writeMs: 0, readMs: 0, unmade: 0, unknown: 0 }
  const until = timeline.now + AGREEMENT_MS
  let open: ReadonlyArray<Violation> = []
  do {
    await timeline.until(timeline.now + 10 * MINUTE)
    if (history.violations.length > 0) return result([])
    open = await judge({ world, history, deployment, asked })
  } while (open.length > 0 && timeline.now < until)
  if (open.length > 0) return result(open)
  onStep("everything agrees")
  const writesBefore = [...world.sides.values()].map((side) => side.writes())
  await timeline.until(timeline.now + QUIET_MS)
  const late = [...world.sides.values()].flatMap((side, at): ReadonlyArray<Violation> => {
    const more = side.writes() - writesBefore[at]!
    return more === 0 ? [] : [{ invariant: "quiet", detail: `${more} writes to ${side.name} after everything agreed` }]
  })
  return result([...late, ...(await judge({ world, history, deployment, asked })), ...(await replay(stores, timeline))])
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
