/** The demo as an operator: plain calls of the operator's API, as any script would make them. */
import type { Matches, Plan, TenantStatus } from "@concordat/api/operator/views"
import type { Request } from "@concordat/api/operator/requests"
import { OPERATOR_TOKEN, TENANT } from "./engine.ts"
import { pause } from "./settling.ts"

export interface Operator {
  readonly status: () => Promise<TenantStatus>
  readonly plan: (connection: string) => Promise<Plan>
  readonly matches: () => Promise<Matches["items"]>
  readonly ask: (request: Request) => Promise<void>
  /** Everything of a connection is read again, from now on. */
  readonly readAgain: (connection: string) => Promise<void>
}

const PAGE = 1_000
/** A question that takes longer than the engine is left alone is answered after the last of many kills. */
const AWAY_MS = 120_000
const AGAIN_MS = 100

export const makeOperator = (url: string): Operator => {
  /** An engine that was killed is started again: a question that met it away, or not ready yet, is put again. */
  const patient = async (path: string, init: RequestInit): Promise<Response> => {
    for (const until = Date.now() + AWAY_MS; ;) {
      try {
        const response = await fetch(path, init)
        if (response.status !== 503 || Date.now() > until) return response
        await response.arrayBuffer()
      } catch (error) {
        if (Date.now() > until) throw error
      }
      await pause(AGAIN_MS)
    }
  }
  const call = async (path: string, body?: unknown): Promise<unknown> => {
    const response = await patient(`${url}/operator/tenants/${TENANT}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${OPERATOR_TOKEN}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text.slice(0, 300)}`)
    return text === "" ? null : JSON.parse(text)
  }
  return {
    status: async () => (await call("/status")) as TenantStatus,
    plan: async (connection) => (await call(`/connections/${connection}/plan`)) as Plan,
    ask: async (request) => {
      await call("/requests", request)
    },
    readAgain: async (connection) => {
      await call(`/connections/${connection}/backfill`, {})
    },
    matches: async () => {
      const items: Array<Matches["items"][number]> = []
      for (let after: string | null = ""; after !== null;) {
        const page = (await call(
          `/matches?limit=${PAGE}${after === "" ? "" : `&after=${encodeURIComponent(after)}`}`,
        )) as Matches
        items.push(...page.items)
        after = page.next
      }
      return items
    },
  }
}
