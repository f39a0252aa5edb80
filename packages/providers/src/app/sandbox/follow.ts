/** What Concordat wrote to this product's records: fetched in pages, applied in order, resumed from the kept position. */
import { applyChange, backoff, between, type Page, type Product } from "./product.ts"
import { ask, askedWait, sendAllAgain } from "./push.ts"

const apply = (product: Product, page: Page): void => {
  for (const change of page.changes) applyChange(product, change)
  product.position = page.position === "" ? product.position : page.position
  product.arrived = null
  product.pagesSinceKept += 1
  if (product.pagesSinceKept >= product.settings.keepPositionEvery) {
    product.keptPosition = product.position
    product.pagesSinceKept = 0
  }
}

const failed = (product: Product, asked: number): number => {
  product.counts.failures += 1
  product.followAttempts += 1
  return backoff(product, product.followAttempts - 1, asked)
}

/** One request, or the application of what it brought. Answers when to come again, ms since 1970; null: not connected. */
export const follow = async (product: Product): Promise<number | null> => {
  if (product.connection === null) return null
  if (product.isResending) return product.options.now() + product.settings.backoffMs[0]
  const now = product.options.now()
  const { arrived } = product
  if (arrived !== null) {
    if (arrived.notBefore > now) return arrived.notBefore
    apply(product, arrived.page)
    return now
  }
  const { waitSeconds, changesPerPage, pollMs } = product.settings
  const query = new URLSearchParams({ wait: String(waitSeconds), limit: String(changesPerPage) })
  if (product.position !== null) query.set("after", product.position)
  const asked = product.position
  const connection = product.connection
  const answer = await ask(product, "GET", `/changes?${query}`)
  // A restart or another connection came in between: what was asked for is no longer what is wanted.
  if (product.connection !== connection || product.position !== asked) return product.options.now()
  if (answer?.status === 410) {
    sendAllAgain(product)
    return failed(product, 0)
  }
  if (answer?.status === 422) {
    product.counts.rewinds += 1
    product.position = null
    return failed(product, 0)
  }
  if (answer?.status !== 200) return failed(product, askedWait(answer))
  product.followAttempts = 0
  const page: Page = {
    position: String(answer.body["position"]),
    changes: (answer.body["changes"] ?? []) as Page["changes"],
  }
  if (page.changes.length === 0) {
    apply(product, page)
    return product.options.now() + (waitSeconds > 0 ? 0 : pollMs)
  }
  const notBefore = product.options.now() + between(product, product.settings.applyDelayMs)
  product.arrived = { page, notBefore }
  return notBefore
}
