/** `concordat backfill`: reads a connection whole again, and shows how far that has come. */
import type { TenantStatus, Worker } from "@concordat/api/operator/views"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { MultiBar, SingleBar } from "cli-progress"
import { connectionArgument } from "../connection-argument.ts"
import { lazy } from "../lazy.ts"
import { concordat } from "../root.ts"
import { SAYS } from "../says.ts"

type Walks = ReadonlyArray<Worker["rereads"][number]>

/** The walks over a connection's objects; before its first sync has ended they are that. */
const walksOf = (status: TenantStatus, connection: string): Walks => {
  const of = status.connections.find((one) => one.connection === connection)
  if (of === undefined) return []
  const first = of.backfill.objects.map((one): Walks[number] => ({ ...one, startedAt: of.backfill.startedAt }))
  return of.backfill.state === "done" ? (of.worker?.rereads ?? []) : first
}

type Show = (walks: Walks, now: number) => void

/** One bar per object; a total that nobody knows is taken to be what was read so far. */
const bars = (multi: MultiBar): Show => {
  const known = new Map<string, SingleBar>()
  return (walks, now) => {
    for (const { done, object, startedAt, total } of walks) {
      const payload = { object, rate: Math.round(done / Math.max((now - startedAt) / 1_000, 0.001)) }
      const bar = known.get(object) ?? multi.create(Math.max(total ?? done, 1), done, payload)
      known.set(object, bar)
      bar.setTotal(Math.max(total ?? done, 1))
      bar.update(done, payload)
    }
  }
}

const follow = Effect.fnUntraced(function* (connection: string, show: Show) {
  const { ask } = yield* lazy(() => import("../operator.ts"))
  for (;;) {
    const walks = walksOf(yield* ask((client, tenant) => client.status({ params: { tenant } })), connection)
    show(walks, yield* Clock.currentTimeMillis)
    if (walks.length > 0 && walks.every(({ finished }) => finished)) return walks
    yield* Effect.sleep("1 second")
  }
})

const watched = Effect.fnUntraced(function* (connection: string) {
  if (!process.stdout.isTTY) return yield* follow(connection, () => {})
  const progress = yield* lazy(() => import("cli-progress"))
  const format = "{object} {bar} {value}/{total} {rate}/s"
  return yield* Effect.acquireUseRelease(
    Effect.sync(() => new progress.default.MultiBar({ format, hideCursor: true, clearOnComplete: false })),
    (multi) => follow(connection, bars(multi)),
    (multi) => Effect.sync(() => multi.stop()),
  )
})

export const backfill = Command.make(
  "backfill",
  {
    connection: connectionArgument,
    detach: Flag.Boolean("detach").pipe(Flag.withDescription("Do not wait for its end"), Flag.withDefault(false)),
  },
  Effect.fnUntraced(function* ({ connection, detach }) {
    const { ask } = yield* lazy(() => import("../operator.ts"))
    const { count } = yield* lazy(() => import("../table.ts"))
    const { json } = yield* concordat
    yield* ask((client, tenant) => client.backfill({ params: { tenant, connection } }))
    if (detach) return yield* Console.log(json ? JSON.stringify({ connection }) : `${connection} will be read again`)
    const objects = yield* watched(connection)
    const records = objects.reduce((sum, { done }) => sum + done, 0)
    yield* Console.log(json ? JSON.stringify({ connection, objects }) : `${connection}: ${count(records)} records read`)
  }),
).pipe(Command.withDescription(SAYS.backfill))
