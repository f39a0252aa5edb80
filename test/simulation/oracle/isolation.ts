/**
 * Nothing of one tenant is anywhere among what is another's: not in its streams, its documents or the calls to its systems.
 * Each tenant's people enter numbers of their own, so that a text tells whose it is.
 */
import * as streams from "@concordat/model/streams"
import type { Stores } from "../store/ports.ts"
import type { Violation } from "./entered.ts"

/** How far the numbers of one tenant are from those of the next: of things, and of the values that are entered. */
export const THINGS_APART = 1_000
export const VALUES_APART = 100_000

const VALUES = /(?:Title |Name|Street |City|mail)(\d+)/g
const THINGS = /(?:FirstP|\bp)(\d+)(?:\b|@people)/g

/** Numbers of tenants, from 0 on, of which something is in the text. */
const tenantsIn = (text: string): ReadonlySet<number> =>
  new Set([
    ...[...text.matchAll(VALUES)].map(([, number]) => Math.floor(Number(number) / VALUES_APART)),
    ...[...text.matchAll(THINGS)].map(([, number]) => Math.floor(Number(number) / THINGS_APART)),
  ])

/** What is wrong with a text that is the tenant's; null: nothing. */
export const leak = (where: string, text: string, tenant: number): Violation | null => {
  const other = [...tenantsIn(text)].find((one) => one !== tenant)
  return other === undefined ? null : { invariant: "isolation", detail: `${where} tells of tenant ${other}: ${text}` }
}

export const isolated = (stores: Stores, tenants: ReadonlyArray<string>): ReadonlyArray<Violation> => {
  const found: Array<Violation | null> = []
  const numberOf = (name: string): number => tenants.indexOf(name)
  for (const { data, metadata, stream } of stores.log.all) {
    const text = `${stream} ${data} ${JSON.stringify(metadata)}`
    const tenant = numberOf(stream.split(".")[1] ?? "")
    // A partition is several tenants', and says nothing of any of them.
    if (tenant !== -1) found.push(leak(stream, text, tenant))
    else if (streams.categoryOf(stream) !== "partition")
      found.push({ invariant: "isolation", detail: `${stream} is no tenant's` })
    else if (tenantsIn(text).size > 0) found.push({ invariant: "isolation", detail: `${stream} holds values: ${text}` })
  }
  for (const document of stores.documents.dump(() => true)) {
    const name = document.split(" ", 1)[0]!
    const tenant = numberOf(name)
    found.push(
      tenant === -1
        ? { invariant: "isolation", detail: `a document of "${name}"` }
        : leak("a document", document, tenant),
    )
  }
  return found.filter((one) => one !== null).slice(0, 3)
}
