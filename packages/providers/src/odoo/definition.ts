/** What the Odoo connector can do, and what it needs: Odoo 17 to 19, over JSON-RPC or JSON-2. */
import type { Definition, ObjectDefinition } from "@concordat/engine/ports/Provider"

/**
 * A deleted tag stamps none of the records that carried it. 1,000 rows take a server of 17 0.8 s and one of 19 0.3 s
 * (measured): of 100,000 records all six hours that is less than a hundredth of one worker's time, behind everything else.
 */
const REREAD_EVERY_MS = 6 * 3_600_000

/** Of a webhook's secret: shorter ones could be guessed. */
export const SHORTEST_SECRET = 16

const object = (write: ObjectDefinition["write"], after: ReadonlyArray<string>, hasTags = false): ObjectDefinition => ({
  backfill: true,
  changes: "delta",
  read: true,
  write,
  // Nothing is left of a deleted row: only comparing all ids finds it.
  census: true,
  ...(hasTags ? { rereadEveryMs: REREAD_EVERY_MS } : {}),
  batch: { list: 1000, read: 500, write: 100 },
  after,
})

export const definition: Definition = {
  provider: "odoo",
  class: "peer",
  objects: {
    "res.partner": object(["create", "update", "archive"], [], true),
    "crm.lead": object(["create", "update", "archive"], ["res.partner"], true),
    "mail.activity": object(["create", "update", "archive"], ["res.partner", "crm.lead"]),
    // Its own words are written once (the mapping says so); fields that a company made for messages are edited.
    "mail.message": object(["create", "update"], ["res.partner", "crm.lead"]),
    "calendar.event": object(["create", "update", "archive"], ["res.partner", "crm.lead"], true),
  },
  limits: {
    // The core has no rate limit. What protects a server of two workers, and its people, is the concurrency.
    buckets: { default: { capacity: 100, perSecond: 100 } },
    concurrency: 2,
    // `limit_time_real`, after which the server ends a request.
    timeoutMs: 120_000,
  },
  pollEveryMs: 15_000,
  // 17 posts its webhooks before the commit: what is read at once may be what was there before.
  secondLookMs: 30_000,
  indexLagMs: 0,
  creates: "ownId",
  preconditions: false,
  settings: {
    url: { required: true, description: "Address of the server: https://example.odoo.com" },
    database: { required: true, description: "Name of the database" },
    login: { required: true, description: "Login of the user that the connection acts as" },
    protocol: {
      required: false,
      values: ["auto", "jsonrpc", "json2"],
      description: "auto (default), jsonrpc, or json2 (Odoo 19 and later, with an API key only)",
    },
    overlapSeconds: {
      required: false,
      description: "How far each poll looks back for transactions that began before it and ended after (default 300)",
    },
    language: { required: false, description: "Language in which translated names are read (default en_US)" },
    keepDoneActivities: {
      required: false,
      values: ["yes", "no"],
      description:
        "yes (default): when it is armed, Odoo 17 and 18 are told to archive done activities instead of deleting them, so that what a person has done is known as done elsewhere; no: it is taken for a deletion and a new activity",
    },
    companies: {
      required: false,
      form: { pattern: /^\s*[1-9]\d*(\s*,\s*[1-9]\d*)*\s*$/, expected: 'ids separated by commas, in quotes: "1, 3"' },
      description: "Ids of the companies to see, separated by commas (default: the user's)",
    },
  },
  credentials: {
    apiKey: { required: true, description: "API key of the user, or its password (JSON-RPC only)" },
    webhookSecret: {
      required: false,
      form: {
        pattern: new RegExp(`^.{${SHORTEST_SECRET},}$`, "s"),
        expected: `of ${SHORTEST_SECRET} characters or more`,
      },
      description: "Secret in the address that automation rules post to (?secret=...)",
    },
  },
}
