/** Names of streams. What stands before the first `-` is the category; `{pp}` is the tenant's virtual partition. */
import { createHash, createHmac } from "node:crypto"
import { memoised } from "./values/memo.ts"

export const PARTITIONS = 256

/** Tenant and connection names are ours to choose, so they are held to what every store accepts. */
export const NAME = /^[a-z0-9][a-z0-9_]{0,62}$/

/** Tenants whose partition is remembered: each event's stream names it. */
const TENANTS = 10_000
export const partitionOf = memoised(TENANTS, (tenant: string): string =>
  createHash("sha256").update(tenant).digest()[0]!.toString(16).padStart(2, "0"),
)

/** Ids that a provider makes up and that say nothing of a person; anything else enters names as a keyed hash. */
const OPAQUE = /^[A-Za-z0-9:_]{1,64}$/
export const opaqueId = (externalId: string, key: string): string =>
  OPAQUE.test(externalId) ? externalId : `h${createHmac("sha256", key).update(externalId).digest("hex").slice(0, 40)}`

const encodeObject = (object: string): string => object.replaceAll(".", "_")

export const delivery = (tenant: string, connection: string): string =>
  `delivery-${partitionOf(tenant)}.${tenant}.${connection}`
export const record = (tenant: string, connection: string, object: string, externalId: string): string =>
  `record-${partitionOf(tenant)}.${tenant}.${connection}.${encodeObject(object)}.${externalId}`
export const create = (tenant: string, connection: string, entity: string): string =>
  `create-${partitionOf(tenant)}.${tenant}.${connection}.${entity}`
export const entity = (type: string, tenant: string, id: string): string =>
  `${type}-${partitionOf(tenant)}.${tenant}.${id}`
export const request = (tenant: string): string => `request-${partitionOf(tenant)}.${tenant}`
export const connection = (tenant: string, connection: string): string =>
  `connection-${partitionOf(tenant)}.${tenant}.${connection}`
export const decision = (tenant: string): string => `decision-${partitionOf(tenant)}.${tenant}`
export const worker = (tenant: string, connection: string): string =>
  `worker-${partitionOf(tenant)}.${tenant}.${connection}`

/** The categories that the reconciler reads; the others are what it, or a worker's bookkeeping, writes. */
export const INPUT_CATEGORIES = ["record", "create", "request", "connection"] as const

export const categoryOf = (stream: string): string => stream.slice(0, stream.indexOf("-"))
export const tenantOf = (stream: string): string => stream.slice(stream.indexOf("-") + 4).split(".", 1)[0]!
