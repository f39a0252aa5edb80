/** HubSpot sends what is due, again where the answer is no 2xx; now and then somebody else sends something. */
import type { WebhookRequest } from "@concordat/engine/ports/Provider"
import type { HubspotSandbox } from "@concordat/providers/hubspot/sandbox/sandbox"
import type { Delivery } from "@concordat/providers/hubspot/sandbox/webhooks"
import type { Chance } from "../random.ts"
import type { Owner, Timeline } from "../timeline.ts"

const EVERY_MS = 500

export interface Delivering {
  readonly timeline: Timeline
  readonly owner: Owner
  readonly chance: Chance
  /** Share of deliveries that are followed by one that is nobody's. */
  readonly forge: () => number
  readonly onStep: (what: string) => void
  /** The status of the answer; 0: none. */
  readonly post: (request: WebhookRequest) => Promise<number>
}

export const deliver = (
  sandbox: HubspotSandbox,
  { chance, forge: rate, onStep, owner, post, timeline }: Delivering,
): void => {
  const send = (url: string, headers: Readonly<Record<string, string>>, body: string): Promise<number> =>
    post({
      method: "POST",
      url,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      body: Buffer.from(body),
    })
  const once = async (delivery: Delivery): Promise<void> => {
    const status = await send(delivery.url, delivery.headers, delivery.body)
    onStep(`webhook ${status}`)
    if (status < 200 || status >= 300) sandbox.undelivered(delivery)
  }
  const forge = async ({ body, headers, url }: Delivery): Promise<void> => {
    const status = await send(url, { ...headers, "x-hubspot-signature-v3": "bm90IG91cnM=" }, body)
    if (status === 202) throw new Error("a forged webhook was taken")
  }
  const round = (): void => {
    timeline.after(owner, EVERY_MS, round)
    for (const delivery of sandbox.takeWebhooks()) {
      timeline.promised()
      void once(delivery).catch(timeline.fail)
      if (chance.isLess(rate())) void forge(delivery).catch(timeline.fail)
    }
  }
  round()
}
