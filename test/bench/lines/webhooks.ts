/** Signed webhooks at a steady pace, until each is acknowledged, which it is once it is on the disk. */
import { createHmac } from "node:crypto"
import { Agent, request } from "node:http"
import { EMBEDDED, TENANT } from "../engine.ts"
import { type Context, type Line, quantile, type Row } from "../harness/line.ts"
import { cpuOf, rssOf } from "../harness/stopwatch.ts"
import { isRead, NO_LIMITS, pause, SECRET, THREE_PROCESSES, untilStatus, withBench } from "../deployment.ts"

const PER_SECOND = 500
const CONTACTS = 2_000

const measure = async (context: Context): Promise<ReadonlyArray<Row>> => {
  const seconds = context.scale === "quick" ? 3 : 20
  return withBench(context.dir, async (bench) => {
    const portal = await bench.portal("hubspot", { limits: NO_LIMITS })
    const ids = await portal.seed(CONTACTS)
    const engine = await bench.engine([[portal, { name: "hubspot" }]])
    await engine.start()
    await untilStatus(engine, isRead)
    const url = new URL(`${engine.url}/webhooks/${TENANT}/hubspot`)
    const agent = new Agent({ keepAlive: true, maxSockets: 64 })
    let refused = 0
    const send = (n: number, due: number): Promise<number> =>
      new Promise((resolve, reject) => {
        const body = JSON.stringify([
          {
            eventId: n,
            subscriptionType: "contact.propertyChange",
            propertyName: "jobtitle",
            objectId: Number(ids[n % ids.length]),
            occurredAt: Date.now(),
          },
        ])
        const timestamp = String(Date.now())
        const signature = createHmac("sha256", SECRET).update(`POST${url.href}${body}${timestamp}`).digest("base64")
        const call = request(
          url,
          {
            method: "POST",
            agent,
            headers: {
              "content-type": "application/json",
              "content-length": Buffer.byteLength(body),
              "x-hubspot-signature-v3": signature,
              "x-hubspot-request-timestamp": timestamp,
            },
          },
          (answer) => {
            if (answer.statusCode !== 202) refused += 1
            answer.resume()
            // From when it was due, not from when it got out: a sender that falls behind would hide what waited.
            answer.once("end", () => resolve(performance.now() - due))
          },
        )
        call.once("error", reject)
        call.end(body)
      })
    const pour = async (count: number): Promise<ReadonlyArray<number>> => {
      const answers: Array<Promise<number>> = []
      const from = performance.now()
      while (answers.length < count) {
        const due = Math.min(count, Math.floor(((performance.now() - from) / 1_000) * PER_SECOND))
        while (answers.length < due) answers.push(send(answers.length, from + (answers.length / PER_SECOND) * 1_000))
        await pause(1)
      }
      return Promise.all(answers)
    }
    await pour(PER_SECOND)
    const [cpu, from] = [cpuOf(engine.pid()), performance.now()]
    const took = await pour(PER_SECOND * seconds)
    const lasted = (performance.now() - from) / 1_000
    const cores = (cpuOf(engine.pid()) - cpu) / lasted
    agent.destroy()
    if (refused > 0) throw new Error(`${refused} webhooks were not taken`)
    const row: Row = {
      name: "webhooks",
      what: `${PER_SECOND} webhooks a second, one event each, signed; p99 of the time to the answer, the records read meanwhile`,
      value: quantile(took, 0.99),
      unit: "ms",
      better: "less",
      target: 20,
      beside: null,
      durable: true,
      about: {
        eventsPerRecord: 1,
        journal: EMBEDDED,
        ran: THREE_PROCESSES,
        detail: {
          webhooks: took.length,
          "p50, ms": quantile(took, 0.5),
          "longest, ms": quantile(took, 1),
          "answered a second": took.length / lasted,
          "engine, cores": cores,
          "RSS, MB": Math.round(rssOf(engine.pid())),
        },
      },
    }
    return [row]
  })
}

export const webhooks: Line = {
  name: "webhooks",
  what: "webhook to acknowledged, durable, at 500 a second",
  quick: true,
  measure,
}
