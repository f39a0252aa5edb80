/**
 * Webhook intake: verified over the raw bytes, kept as ids and kinds, answered. What a webhook says of values is never
 * used; the connection's worker reads what it names, from the journal, so that an acknowledged delivery is never lost.
 */
import type { DeliveryAccepted } from "@concordat/model/events/record"
import * as streams from "@concordat/model/streams"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { chunked, lastOfEach } from "../connection/batches.ts"
import { DELIVERY_HINTS } from "../limits.ts"
import { appendTo } from "../operations/append.ts"
import { Journal, type JournalError } from "../ports/Journal.ts"
import type { Connector, Hint, WebhookRequest } from "../ports/Provider.ts"
import { type Gathering, hintKey, makeGathering } from "./Gathering.ts"

/**
 * `status` is what the provider is answered: 202 kept (or nothing to keep), 401 not genuine, 404 no webhooks there,
 * 400 genuine and not understood, 503 try again.
 */
export interface Accepted {
  readonly status: 202 | 400 | 401 | 404 | 503
  readonly hints: number
}

export interface IntakeOptions {
  readonly tenant: string
  readonly connection: string
  readonly webhook: Connector["webhook"]
  /** Told when a delivery is in the journal: the worker's `hint`, where it runs in this process. */
  readonly onAccepted: Effect.Effect<void>
}

const nothing = (status: Accepted["status"]): Accepted => ({ status, hints: 0 })

/** Hints as they are kept. */
export const deliveryOf = (connection: string, hints: ReadonlyArray<Hint>): typeof DeliveryAccepted.Type => ({
  _tag: "DeliveryAccepted",
  connection,
  hints: hints.map(({ about, object, id, kind }) => ({ object, id, kind, ...(about === undefined ? {} : { about }) })),
})

/** By the journal they are kept in, then by delivery stream. */
const gatherings = new WeakMap<object, Map<string, Gathering<JournalError>>>()

const gatheringOf = Effect.fnUntraced(function* (tenant: string, connection: string) {
  const journal = yield* Journal
  const stream = streams.delivery(tenant, connection)
  const ofJournal = gatherings.get(journal) ?? new Map<string, Gathering<JournalError>>()
  gatherings.set(journal, ofJournal)
  const known = ofJournal.get(stream)
  if (known !== undefined) return known
  const made = makeGathering((hints) =>
    Effect.forEach(
      chunked(hints, DELIVERY_HINTS),
      (part) => {
        const data = deliveryOf(connection, part)
        return appendTo(stream, [{ type: data._tag, data }])
      },
      { discard: true },
    ).pipe(Effect.provideService(Journal, journal)),
  )
  ofJournal.set(stream, made)
  return made
})

/** Answers when what the webhook names is durable. A webhook that says one thing twice is kept once. */
export const accept = Effect.fn("Intake.accept")(function* (
  options: IntakeOptions,
  request: WebhookRequest,
): Effect.fn.Return<Accepted, JournalError, Journal> {
  const { connection, tenant, webhook } = options
  if (webhook === undefined) return nothing(404)
  const now = yield* Clock.currentTimeMillis
  if (!webhook.verify(request, now)) return nothing(401)
  const parsed = yield* webhook
    .parse(request)
    .pipe(
      Effect.catch((error) =>
        Effect.as(
          Effect.logWarning("webhook not understood", { connection, fault: error.message }),
          nothing(error.transient ? 503 : 400),
        ),
      ),
    )
  if ("status" in parsed) return parsed
  const hints = lastOfEach(parsed, hintKey)
  if (hints.length > 0) yield* (yield* gatheringOf(tenant, connection)).keep(hints)
  if (hints.length > 0) yield* options.onAccepted
  return { status: 202, hints: hints.length }
})
