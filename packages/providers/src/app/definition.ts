/** What the app can do as a provider: it pushes its records itself, and what is written to it is an event to follow. */
import type { Definition, ObjectDefinition } from "@concordat/engine/ports/Provider"

const object = (after: ReadonlyArray<string>): ObjectDefinition => ({
  backfill: false,
  changes: "none",
  read: false,
  write: ["create", "update", "archive"],
  census: false,
  batch: { list: 1, read: 1, write: 500 },
  after,
})

export const definition: Definition = {
  provider: "app",
  class: "peer",
  isApp: true,
  follows: true,
  objects: {
    company: object([]),
    contact: object(["company"]),
    deal: object(["contact", "company"]),
    activity: object(["contact", "company", "deal"]),
  },
  // A write to the app is an event in our own journal: there is no service at the other end to be spared.
  limits: { buckets: { default: { capacity: 1_000, perSecond: 1_000 } }, concurrency: 4, timeoutMs: 10_000 },
  pollEveryMs: 30_000,
  secondLookMs: 0,
  indexLagMs: 0,
  creates: "ownId",
  preconditions: true,
  settings: {},
  credentials: {
    token: { required: true, description: "The bearer token with which the app calls this connection's endpoint." },
  },
}
