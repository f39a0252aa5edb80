/** A first sync from the HubSpot sandbox, with its limits as they are: what the limits allow is beside it. */
import { EMBEDDED } from "../engine.ts"
import { type Context, type Line, type Row } from "../harness/line.ts"
import { cpuOf, rssOf } from "../harness/stopwatch.ts"
import { isRead, NO_LIMITS, pause, REAL_LIMITS, refusedCalls, THREE_PROCESSES, withBench } from "../deployment.ts"

const LIST = 100
/** Records of the calls that a rolling window of ten seconds leaves to a connection that was quiet. */
const BURST = 5_000
const ALLOWED = (REAL_LIMITS.burst / 10) * LIST

const measure = async (context: Context): Promise<ReadonlyArray<Row>> => {
  const size = context.people(12_000, 60_000)
  return withBench(context.dir, async (bench) => {
    const portal = await bench.portal("hubspot", { limits: NO_LIMITS })
    await portal.seed(size)
    await portal.call("settings", { limits: REAL_LIMITS })
    const engine = await bench.engine([[portal, { name: "hubspot" }]])
    await engine.start()
    let [peak, done, from, first] = [0, 0, 0, 0]
    let [status, readAt] = [await engine.status(), 0]
    const cpu = cpuOf(engine.pid())
    for (; !isRead(status); await pause(100)) {
      status = await engine.status()
      peak = Math.max(peak, rssOf(engine.pid()))
      const objects = status.connections[0]?.backfill.objects ?? []
      done = objects.find(({ object }) => object === "contacts")?.done ?? 0
      // Once what a connection that was quiet may ask for at once is spent, and the pace is that of the limit.
      if (done >= BURST && from === 0) [from, first] = [performance.now(), done]
      if (done >= size && readAt === 0) readAt = performance.now()
    }
    const seconds = ((readAt === 0 ? performance.now() : readAt) - from) / 1_000
    const refused = refusedCalls(status)
    const value = (size - first) / seconds
    const spent = cpuOf(engine.pid()) - cpu
    const row: Row = {
      name: "backfill",
      what: `from a sandbox with HubSpot's limits (${REAL_LIMITS.burst} calls in ten seconds, pages of ${LIST}); ${refused} answers were 429`,
      value,
      unit: "records/s",
      better: "more",
      target: 0.97 * ALLOWED,
      beside: { name: "what the limit allows", value: ALLOWED },
      durable: true,
      about: {
        eventsPerRecord: 2,
        journal: EMBEDDED,
        ran: THREE_PROCESSES,
        detail: {
          records: size,
          seconds,
          "429": refused,
          calls: status.connections[0]!.worker?.calls?.["calls"] ?? 0,
          "CPU of the engine, ms a record": (spent / size) * 1_000,
          "until all is decided, s": (performance.now() - from) / 1_000,
          "peak RSS, MB": Math.round(peak),
        },
      },
    }
    return [row]
  })
}

export const backfill: Line = {
  name: "backfill",
  what: "first sync under HubSpot's real limits, sandbox in its own process",
  quick: true,
  measure,
}
