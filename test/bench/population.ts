/**
 * People as a CRM's list shows them, made from their number: page texts are written when they are asked for, so that a
 * million of them take no memory. A version is an edit: another job title and another phone number.
 */

/** Ids have the length and order of a portal's. */
const FIRST_ID = 10_000_000_001
export const idOf = (n: number): string => String(FIRST_ID + n)
export const numberOf = (id: string): number => Number(id) - FIRST_ID

const TITLES = ["Head of Purchasing", "Purchasing Manager", "Director of Operations", "Managing Director"]
/** Long ago: a delta that begins now finds none of them. */
const CREATED = Date.UTC(2025, 0, 1)

const stampOf = (n: number, version: number): number => CREATED + n * 1_000 + version * 86_400_000

/** The record as JSON text, with the fields that the default mapping of HubSpot's contacts reads. */
const textOf = (n: number, version: number): string => {
  const at = new Date(stampOf(n, version)).toISOString()
  return (
    `{"id":"${idOf(n)}","properties":{"email":"person${n}@firm${n % 9_973}.example","hs_additional_emails":"",` +
    `"phone":"+49 30 ${1_000_000 + ((n * 7 + version * 7_919) % 9_000_000)}","mobilephone":"+49 151 ${10_000_000 + n}",` +
    `"firstname":"Given${n % 499}","lastname":"Family${n % 7_919}","jobtitle":"${TITLES[(n + version) % TITLES.length]}",` +
    `"address":"Teststrasse ${n % 200}","city":"Berlin","zip":"${10_000 + (n % 4_000)}","state":"Berlin","country":"Germany",` +
    `"hubspot_owner_id":"","lifecyclestage":"lead","hs_analytics_source":"OFFLINE","createdate":"2025-01-01T00:00:00.000Z",` +
    `"lastmodifieddate":"${at}","hs_object_id":"${idOf(n)}"},"createdAt":"2025-01-01T00:00:00.000Z","updatedAt":"${at}","archived":false}`
  )
}

export class Population {
  readonly size: number
  readonly #versions: Uint16Array
  /** Edits in their order, oldest first. */
  readonly edits: Array<number> = []

  constructor(size: number) {
    this.size = size
    this.#versions = new Uint16Array(size)
  }

  version(n: number): number {
    return this.#versions[n]!
  }

  /** A person's edit. */
  edit(n: number): void {
    this.#versions[n]! += 1
    this.edits.push(n)
  }

  /** A page as an HTTP body. */
  page(numbers: ReadonlyArray<number>): string {
    return `{"results":[${numbers.map((n) => textOf(n, this.#versions[n]!)).join(",")}]}`
  }

  /** Mean bytes of a record's JSON. */
  get recordBytes(): number {
    const sampled = Math.min(this.size, 1_000)
    let sum = 0
    for (let n = 0; n < sampled; n++) sum += Buffer.byteLength(textOf(n, this.#versions[n]!))
    return sum / sampled
  }
}

/** How many records a second come out of the generator and of one JSON.parse: what no line of the engine can exceed. */
export const generatorAlone = (population: Population, pageSize: number): number => {
  const count = Math.min(population.size, 20_000)
  const from = performance.now()
  let seen = 0
  for (let at = 0; at < count; at += pageSize) {
    const numbers = Array.from({ length: Math.min(pageSize, count - at) }, (_, i) => at + i)
    seen += (JSON.parse(population.page(numbers)) as { readonly results: ReadonlyArray<unknown> }).results.length
  }
  return (seen / (performance.now() - from)) * 1_000
}
