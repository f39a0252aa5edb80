/** The `Bus` port on a JetStream work queue. */
import { type Bus, BusError, type Delivery } from "@concordat/engine/ports/Bus"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { toBusError } from "./failures.ts"
import type { Link } from "./Link.ts"
import type { Publisher } from "./Publisher.ts"
import { type Pulled, Puller } from "./Puller.ts"
import { checkId, checkSubject, filterOf } from "./streams.ts"

type Shape = Context.Service.Shape<typeof Bus>

const answered = (puller: Puller, pulled: Pulled, payload: string) =>
  Effect.suspend(() => puller.answer(pulled, payload) ?? Effect.void)

const nak = (delay: Duration.Input): string => {
  const ns = Math.round(Duration.toMillis(delay)) * 1_000_000
  return ns > 0 ? `-NAK {"delay": ${ns}}` : "-NAK"
}

const deliveryOf =
  (puller: Puller) =>
  (pulled: Pulled): Delivery => ({
    subject: pulled.message.subject,
    id: pulled.message.headers?.get("Nats-Msg-Id") ?? "",
    body: pulled.message.string(),
    attempt: pulled.attempt,
    ack: answered(puller, pulled, "+ACK"),
    nak: (delay) => answered(puller, pulled, nak(delay)),
    // With a reason behind it a server of 2.9 takes it for no answer at all.
    term: answered(puller, pulled, "+TERM"),
  })

export const makeBus = (link: Link, publisher: Publisher): Shape => {
  const publish: Shape["publish"] = (messages) =>
    Effect.suspend(() => {
      for (const { id, subject } of messages) {
        const wrong = checkSubject(subject) ?? checkId(id)
        if (wrong !== null) return Effect.fail(wrong)
      }
      return Effect.callback<void, BusError>((resume) => {
        const forget = publisher.publish(messages, (error) => resume(error === null ? Effect.void : Effect.fail(error)))
        return Effect.sync(forget)
      })
    })

  const pull = (group: string, filter: string, maxInFlight: number, ackWait: Duration.Input) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const options = { group, filter, maxInFlight, ackWaitMs: Duration.toMillis(ackWait) }
        const puller = yield* Effect.acquireRelease(
          Effect.sync(() => new Puller(link, options)),
          (puller) => Effect.sync(() => puller.close()),
        )
        const next = Effect.gen(function* () {
          yield* Effect.callback<void>((resume) => {
            const stop = puller.wait(() => resume(Effect.void))
            return Effect.sync(stop)
          })
          const taken = puller.take()
          if (taken instanceof BusError) return yield* taken
          return [taken.map(deliveryOf(puller)), Option.some(null)] as const
        })
        return Stream.paginate<null, Delivery, BusError>(null, () => next)
      }),
    )

  const consume: Shape["consume"] = ({ ackWait, group, maxInFlight, subjects }) => {
    // A consumer has one filter on a server of 2.9; so each subject has a consumer of its own and its share.
    const share = Math.floor(maxInFlight / subjects.length)
    const filters = subjects.map(filterOf)
    const wrong = filters.find((filter) => filter instanceof BusError)
    if (wrong !== undefined) return Stream.fail(wrong)
    if (subjects.length === 0 || share < 1) {
      const detail = `maxInFlight ${maxInFlight} is less than the number of subjects of ${group}, ${subjects.length}`
      return Stream.fail(new BusError({ reason: "invalid", detail }))
    }
    const streams = filters.map((filter) => pull(group, filter as string, share, ackWait))
    return streams.length === 1 ? streams[0]! : Stream.mergeAll(streams, { concurrency: "unbounded" })
  }

  // One that hangs keeps its connection for a while: only an answer says that it is there.
  const answers = Effect.asVoid(Effect.tryPromise({ try: () => link.nc.rtt(), catch: toBusError }))

  return { publish, consume, lost: Stream.fromPubSub(link.lost), answers }
}
