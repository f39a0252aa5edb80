/** What a provider did not take for another record's sake: because that one holds the value, or is not there any more. */
import type { GroupLens, View } from "../mapping/lens.ts"
import { type RecordKey, recordKey, type WaitDoc } from "../state/documents.ts"
import { type Context, heldUnder } from "./context.ts"
import { nothing, wantedView } from "./due.ts"
import type { EntityEdit } from "./edit.ts"
import { lookAgain } from "./finish.ts"
import { recordWait, targetsIn } from "./waits.ts"

export interface Refusing {
  readonly code: string
  readonly message: string
}

/** Groups that were refused, and what was sent for each of them. */
export type Refused = ReadonlyArray<readonly [lens: GroupLens, sent: View]>

/**
 * A refusal stands for what was sent, until that changes. Of a reference it stands for all that was sent with it: until the
 * record that it names changes or is gone. Where that was seen meanwhile, the next write leaves it out, and nothing stands.
 * `holders`: records that hold what may be there only once.
 */
export const keepRefused = (
  edit: EntityEdit,
  connection: string,
  refused: Refused,
  { code, message }: Refusing,
  holders: ReadonlyArray<string> = [],
): void => {
  const isReference = code === "reference"
  const targets = isReference ? refused.flatMap(([, sent]) => targetsIn(edit.type, sent)) : []
  const awaits = [...new Set([...targets, ...holders])].toSorted()
  const isOther = ([lens, sent]: Refused[number]): boolean => {
    if (targetsIn(edit.type, sent).length === 0) return false
    const held = heldUnder(edit.held(connection, lens.group), lens)
    const wanted = wantedView(edit.context, edit.doc, connection, lens, held, nothing)
    return wanted === null || !lens.same(wanted, sent)
  }
  if (isReference && refused.some(isOther)) return
  for (const [lens, sent] of refused) {
    const held = heldUnder(edit.held(connection, lens.group), lens)
    const letter = { view: sent, code, message, ...(awaits.length === 0 ? {} : { awaits }) }
    edit.setHeld(connection, lens.group, { ...held, refused: letter })
  }
}

/** The record changed or is gone: whoever was refused something for its sake tries again. */
export const wakeRefused = (context: Context, connection: string, record: RecordKey): void => {
  const { tx } = context
  const wait = recordWait(connection, recordKey(record))
  const waiters = tx.get<WaitDoc>("wait", wait) ?? []
  if (waiters.length === 0) return
  tx.put("wait", wait, null)
  for (const waiter of waiters) lookAgain(context, connection, waiter)
}
