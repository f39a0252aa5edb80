/**
 * The lifecycle stage goes forward only: one that comes earlier is answered as written, and stands as it was. It is cleared
 * first, and set in a request of its own, since the rows of a batch have no order
 * (https://integrate.hubspot.com/t/update-lifecycle-stage-using-api/1333).
 */
import type { WriteOutcome } from "@concordat/engine/ports/Provider"
import type { ProviderError } from "@concordat/engine/ports/ProviderError"
import * as Effect from "effect/Effect"
import type { HubspotClient } from "./client.ts"
import { orInterrupted, type Outcomes, type Prepared, type Refused, type Written } from "./outcomes.ts"
import { type Lists, properties } from "./properties.ts"

export const STAGE = "lifecyclestage"

const stageOf = ({ row }: Prepared): string => {
  const before = row.before[STAGE]
  return typeof before === "string" ? before : ""
}

const changesStage = (one: Prepared): boolean => {
  const wanted = one.properties[STAGE] ?? ""
  return wanted !== "" && stageOf(one) !== "" && stageOf(one) !== wanted
}

/** A stage that the portal does not name is refused as it is; one that it names no more may stand anywhere. */
const isBack = (stages: ReadonlyArray<string>, one: Prepared): boolean => {
  const wanted = stages.indexOf(one.properties[STAGE] ?? "")
  const before = stages.indexOf(stageOf(one))
  return wanted >= 0 && (before < 0 || wanted < before)
}

/** The rows that set it back. The order is the portal's own, and asked for where nobody has yet. */
export const setBack = Effect.fnUntraced(function* (
  client: HubspotClient,
  lists: Lists,
  object: string,
  rows: ReadonlyArray<Prepared>,
) {
  const changing = rows.filter(changesStage)
  if (changing.length === 0) return []
  if (!lists.has(object)) yield* properties(client, lists, object)
  return changing.filter((one) => isBack(lists.get(object)?.stages ?? [], one))
})

export const withoutStage = ({ properties: given, row }: Prepared): Prepared => {
  const { [STAGE]: _, ...rest } = given
  return { row, properties: rest }
}

const refused = (done: Written, { code, message }: Refused): Written => ({
  ...done,
  refused: [...(done.refused ?? []), { key: STAGE, code, message }],
})

/** What came of the stage goes into the answer of the row, of which all else is written. */
const together = (done: Written, stage: WriteOutcome | undefined): WriteOutcome => {
  if (stage?._tag === "Written")
    return {
      ...done,
      ...(stage.stamp === undefined ? {} : { stamp: stage.stamp }),
      held: { ...done.held, ...stage.held },
    }
  if (stage?._tag !== "Refused") return done
  // A row is tried again as a whole.
  return stage.retry ? { ...stage, effect: "unknown" as const } : refused(done, stage)
}

const isDone =
  (outcomes: Outcomes) =>
  ({ row }: Prepared): boolean =>
    outcomes.get(row.key)?._tag === "Written"

/** Of rows of which the rest is written: what the connection does meanwhile is told row by row. */
export const writeStages = Effect.fnUntraced(function* (
  rows: ReadonlyArray<Prepared>,
  outcomes: Outcomes,
  send: (rows: ReadonlyArray<Prepared>) => Effect.Effect<Outcomes, ProviderError>,
) {
  const sent = (some: ReadonlyArray<Prepared>) =>
    orInterrupted(
      some.map(({ row }) => row),
      send(some),
    )
  const open = rows.filter(isDone(outcomes))
  const cleared = yield* sent(open.map(({ row }) => ({ row, properties: { [STAGE]: "" } })))
  const set = yield* sent(
    open
      .filter(isDone(cleared))
      .map(({ row, properties: { [STAGE]: stage = "" } }) => ({ row, properties: { [STAGE]: stage } })),
  )
  for (const { row } of open) {
    const done = outcomes.get(row.key)
    if (done?._tag === "Written") outcomes.set(row.key, together(done, set.get(row.key) ?? cleared.get(row.key)))
  }
})
