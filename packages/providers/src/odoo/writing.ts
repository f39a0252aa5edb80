/** Writes: creates by import, one `write` for each distinct set of values, verbs one by one, archiving instead of deleting. */
import type { Connector, WriteAnswer, WriteRow } from "@concordat/engine/ports/Provider"
import * as Effect from "effect/Effect"
import { inTurn, isAboutRows, refuseAll } from "./attempt.ts"
import type { Catalog } from "./catalog.ts"
import { makeCreating, type Planned } from "./creating.ts"
import { asProviderError, type CallError, OdooRefusal } from "./errors.ts"
import { movedMeeting } from "./meetings.ts"
import { describe } from "./reading.ts"
import type { MethodCall, Rpc } from "./rpc.ts"
import { placeState } from "./states.ts"
import { releasedActivity } from "./owners.ts"
import { grouped, type Wanted, wantedOf } from "./values.ts"
import { makeVerbs } from "./verbs.ts"

interface Update {
  readonly row: WriteRow
  readonly id: number
  readonly wanted: Wanted
}

interface Step {
  readonly rows: ReadonlyArray<WriteRow>
  readonly run: Effect.Effect<ReadonlyArray<WriteAnswer>, CallError>
}

const done = (row: WriteRow, wanted?: Wanted): WriteAnswer => ({
  key: row.key,
  outcome: {
    _tag: "Written",
    id: row.id ?? "",
    ...(wanted?.held === undefined ? {} : { held: wanted.held }),
    ...(wanted === undefined || wanted.refused.length === 0 ? {} : { refused: wanted.refused }),
  },
})

export const makeWriting = (rpc: Rpc, catalog: Catalog) => {
  const verbs = makeVerbs(rpc, catalog)
  const creating = makeCreating(rpc, catalog, verbs)

  const caught = (rows: ReadonlyArray<WriteRow>) =>
    Effect.catch((error: CallError): Effect.Effect<ReadonlyArray<WriteAnswer>, CallError> =>
      error._tag === "OdooRefusal" && isAboutRows(error) ? Effect.succeed(refuseAll(rows, error)) : Effect.fail(error),
    )

  /** A refused call had no effect on any of its rows: taken apart, each row gets an answer of its own. */
  const together = (
    items: ReadonlyArray<{ readonly row: WriteRow; readonly id: number; readonly wanted?: Wanted }>,
    call: Omit<MethodCall, "ids">,
  ): Effect.Effect<ReadonlyArray<WriteAnswer>, CallError> =>
    rpc.call({ ...call, ids: items.map(({ id }) => id), writes: true }).pipe(
      Effect.map(() => items.map(({ row, wanted }) => done(row, wanted))),
      Effect.catch((error) => {
        if (error._tag === "ProviderError" || !isAboutRows(error)) return Effect.fail(error)
        if (items.length === 1)
          return Effect.succeed(
            refuseAll(
              items.map(({ row }) => row),
              error,
            ),
          )
        return Effect.map(
          Effect.forEach(items, (item) => together([item], call)),
          (answers) => answers.flat(),
        )
      }),
    )

  const archiveCall = (object: string): Omit<MethodCall, "ids"> =>
    // An activity has nothing to be archived for: what is no longer wanted is cancelled.
    object === "mail.activity"
      ? { model: object, method: "unlink" }
      : { model: object, method: "write", args: { vals: { active: false } } }

  const plannedCreates = Effect.fnUntraced(function* (object: string, rows: ReadonlyArray<WriteRow>) {
    const columns = yield* catalog.columns(object)
    const planned: Array<Planned> = []
    const answers: Array<WriteAnswer> = []
    for (const row of rows) {
      const wanted = yield* placeState(catalog, object, wantedOf(object, row.values, columns))
      const plan = yield* Effect.result(creating.plan(object, row, wanted, columns))
      if (plan._tag === "Success") planned.push(plan.success)
      else if (plan.failure._tag === "OdooRefusal" && isAboutRows(plan.failure))
        answers.push(...refuseAll([row], plan.failure))
      else return yield* plan.failure
    }
    return { planned, answers }
  })

  const write: NonNullable<Connector["write"]> = Effect.fn("odoo.write")(function* (object, rows) {
    yield* describe(object)
    const columns = yield* Effect.mapError(catalog.columns(object), asProviderError("write", false))
    const { uid } = yield* Effect.mapError(rpc.session, asProviderError("write", false))
    const { planned, answers } = yield* Effect.mapError(
      plannedCreates(
        object,
        rows.filter(({ kind }) => kind === "create"),
      ),
      asProviderError("write", false),
    )
    const steps: Array<Step> = grouped(planned, (each) => each.columns).map((group) => {
      const members = group.map(({ row }) => row)
      return { rows: members, run: caught(members)(creating.run(object, group)) }
    })
    const updates: Array<Update> = []
    const archives: Array<{ readonly row: WriteRow; readonly id: number }> = []
    const early = [...answers]
    for (const row of rows) {
      if (row.kind === "create") continue
      const id = Number(row.id)
      if (!Number.isInteger(id) || id < 1)
        early.push(
          ...refuseAll(
            [row],
            new OdooRefusal({ name: "odoo.exceptions.MissingError", text: "no id of an Odoo record" }),
          ),
        )
      else if (row.kind === "archive") archives.push({ row, id })
      else {
        const asked = wantedOf(object, row.values, columns)
        const placed =
          object === "calendar.event" ? movedMeeting(rpc, catalog, id, asked) : placeState(catalog, object, asked)
        const wanted = yield* Effect.mapError(placed, asProviderError("write", false))
        updates.push({ row, id, wanted: releasedActivity(object, wanted, columns, uid) })
      }
    }
    const plain = updates.filter(({ wanted }) => Object.keys(wanted.verbs).length === 0)
    for (const group of grouped(plain, ({ wanted }) => wanted.vals)) {
      const { vals } = group[0]!.wanted
      // Even a write of nothing would stamp the record.
      if (Object.keys(vals).length === 0) early.push(...group.map(({ row, wanted }) => done(row, wanted)))
      else
        steps.push({
          rows: group.map(({ row }) => row),
          run: together(group, { model: object, method: "write", args: { vals } }),
        })
    }
    for (const { row, id, wanted } of updates)
      if (Object.keys(wanted.verbs).length > 0)
        steps.push({
          rows: [row],
          run: caught([row])(Effect.map(verbs.run(object, row, id, wanted), (answer) => [answer])),
        })
    if (archives.length > 0)
      steps.push({ rows: archives.map(({ row }) => row), run: together(archives, archiveCall(object)) })
    return [...early, ...(yield* inTurn(steps, ({ run }) => run))]
  })

  return { write }
}
