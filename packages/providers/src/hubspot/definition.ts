/** What HubSpot can do, its objects and its limits, for version 2026-09 of its API. */
import type { Definition, ObjectDefinition } from "@concordat/engine/ports/Provider"

/** Each dated version lives 18 months (https://developers.hubspot.com/docs/developer-tooling/platform/versioning). */
export const API_VERSION = "2026-09"

/** Our unique property: a create that carries it can be sent twice and happens once. */
export const OWN_ID = "concordat_id"

/** Searches show a write "after a few moments", of unstated length; windows overlap by this and lookups wait for it. */
export const INDEX_LAG_MS = 60_000

/** How often the archived list, which has no time filter, is walked. */
export const ARCHIVE_SWEEP_MS = 300_000

export const LIST_LIMIT = 100
export const SEARCH_LIMIT = 200
export const BATCH_LIMIT = 100

/**
 * Associations move no date, and where their webhook is lost only reading again finds them. In pages of 100 a portal of
 * 100,000 records is 1,000 calls, so an hour costs it 24,000 a day: a tenth of the least daily budget. In a larger one the
 * engine's share for the background makes the walk last longer than that: 5,000,000 records a day at most.
 */
const REREAD_EVERY_MS = 3_600_000

const object = (after: ReadonlyArray<string>, census = false): ObjectDefinition => ({
  backfill: true,
  changes: "hints",
  read: true,
  write: ["create", "update", "archive"],
  census,
  // Companies hold the other end of associations, which are read with contacts, deals and activities.
  ...(after.length === 0 ? {} : { rereadEveryMs: REREAD_EVERY_MS }),
  batch: { list: LIST_LIMIT, read: BATCH_LIMIT, write: BATCH_LIMIT },
  after,
})

const crm = ["companies", "contacts", "deals"]

/**
 * Requests in ten seconds and in a day that a plan gives a private app: Free and Starter, Professional, Enterprise
 * (https://developers.hubspot.com/docs/api/usage-details).
 */
const PLANS = {
  starter: { burst: 100, daily: 250_000 },
  professional: { burst: 190, daily: 625_000 },
  enterprise: { burst: 190, daily: 1_000_000 },
} as const
const planOf = (name: string | undefined) => PLANS[name === "professional" || name === "enterprise" ? name : "starter"]

export const limitsOf = (settings: Readonly<Record<string, string>>): Definition["limits"] => {
  const { burst, daily } = planOf(settings["plan"])
  return {
    buckets: {
      // A quiet connection has a tenth at once, a long walk all of it: the window keeps both within the limit. Its ten seconds
      // may be a little shorter by our clock than by theirs.
      default: {
        capacity: burst / 10,
        perSecond: burst / 10,
        window: { calls: burst, ms: 10_010, margin: { calls: 2, ms: 90 } },
      },
      // Five searches a second for the whole account, counted apart from the rest.
      search: { capacity: 1, perSecond: 4 },
      // Every call counts for the day, searches too: their answers carry its two headers.
      day: { capacity: burst, perSecond: burst, daily },
    },
    concurrency: 6,
    timeoutMs: 30_000,
  }
}

export const definition: Definition = {
  provider: "hubspot",
  class: "peer",
  objects: {
    // Two things no list tells: an erasure under data protection law, which leaves no archived record, and a restored
    // record. Where their webhooks were lost, only a census finds them.
    companies: object([], true),
    contacts: object(["companies"], true),
    deals: object(["companies", "contacts"], true),
    calls: object(crm),
    tasks: object(crm),
    notes: object(crm),
    meetings: object(crm),
    emails: object(crm),
  },
  limits: limitsOf({}),
  pollEveryMs: 30_000,
  secondLookMs: 0,
  indexLagMs: INDEX_LAG_MS,
  creates: "ownId",
  preconditions: false,
  settings: {
    baseUrl: { required: false, description: "Where HubSpot's API is; https://api.hubapi.com unless given." },
    plan: {
      required: false,
      values: Object.keys(PLANS),
      description:
        "Of the account, which decides its limits: starter (default, also for free ones), professional, enterprise.",
    },
    indexLagSeconds: {
      required: false,
      description: "How far each poll looks back for records that search shows late (default 60).",
    },
  },
  credentials: {
    token: {
      required: true,
      description:
        "Access token of a private app with read and write scopes for the mapped objects and crm.schemas.*.write.",
    },
    clientSecret: {
      required: false,
      description: "Client secret of the app, with which its webhooks are signed. Without it webhooks are not taken.",
    },
  },
}
