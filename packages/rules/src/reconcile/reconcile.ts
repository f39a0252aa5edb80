/** The reconciler: what one event of the journal means, given what is known. A plain function; its time is the event's. */
import type * as connectionEvent from "@concordat/model/events/connection"
import type * as recordEvent from "@concordat/model/events/record"
import { tenantDoc, connectionDoc } from "../state/access.ts"
import { type Cause, type Decision, type Loaded, Transaction } from "../state/transaction.ts"
import * as connections from "./connections.ts"
import type { Compilers, Context } from "./context.ts"
import { recordConverted, recordGone, recordMerged } from "./gone.ts"
import { splitEntity, mergeEntities } from "./merge.ts"
import { editOverwritten } from "./overwritten.ts"
import { recordObserved } from "./observe.ts"
import * as requests from "./requests.ts"
import { recordWritten, writeIntended, writeRefused } from "./writes.ts"
import { entityDoc } from "../state/access.ts"

type Tagged<Events extends Record<string, { readonly Type: unknown }>> = Events[keyof Events]["Type"]
export type Input = Tagged<typeof recordEvent.recordEvents> | Tagged<typeof connectionEvent.connectionEvents>

/** Throws `Missing` for what is not loaded: the caller loads it and asks again. */
export const reconcile = (loaded: Loaded, compilers: Compilers, cause: Cause, input: Input): Decision => {
  const tx = new Transaction(loaded, cause)
  const context: Context = { tx, compilers, policy: compilers.policy(tenantDoc(tx)) }
  apply(context, input)
  return tx.decision()
}

const apply = (context: Context, input: Input): void => {
  const { tx } = context
  switch (input._tag) {
    case "RecordObserved":
      return recordObserved(context, input)
    case "WriteIntended":
      return writeIntended(context, input)
    case "RecordWritten":
      return recordWritten(context, input)
    case "WriteRefused":
      return writeRefused(context, input)
    case "EditOverwritten":
      return editOverwritten(context, input)
    case "RecordGone":
      return recordGone(context, input)
    case "RecordMerged":
      return recordMerged(context, input)
    case "RecordConverted":
      return recordConverted(context, input)
    case "ConnectionOpened":
      return connections.connectionOpened(context, input)
    case "MetadataObserved":
      return connections.metadataObserved(context, input.connection, input.metadata)
    case "MappingChanged":
      return connections.mappingChanged(context, input.connection, input.document)
    case "RulesChanged":
      return connections.rulesChanged(context, input.document)
    case "BackfillStarted":
      return connections.backfillStarted(context, input.connection)
    case "BackfillFinished":
      connections.backfillFinished(context, input.connection)
      if (connectionDoc(tx, input.connection)?.armed === true)
        tx.wake({ connection: input.connection, entity: "*", seq: tx.cause.at })
      return
    case "EntitiesListed":
      return connections.entitiesListed(context, input.connection, input.entities)
    case "ConnectionPaused":
      return connections.paused(context, input.connection, input.reason)
    case "ConnectionResumed":
      return connections.resumed(context, input.connection, input.reason)
    case "ConnectionClosed":
      return connections.closed(context, input.connection)
    case "ArmRequested":
      return requests.arm(context, input.connection, input.by, input.writesPerHour)
    case "PauseRequested":
      return requests.pause(context, input.connection)
    case "ResumeRequested":
      return requests.resume(context, input.connection)
    case "ResolveRequested":
      return requests.resolve(context, input)
    case "MatchRequested":
      return requests.settleMatch(context, input)
    case "MergeRequested": {
      const from = entityDoc(tx, input.from.type, input.from.id)
      const into = entityDoc(tx, input.into.type, input.into.id)
      if (from !== null && into !== null && from.id !== into.id && from.type === into.type)
        mergeEntities(context, from, into, input.by)
      return
    }
    case "SplitRequested":
      return splitEntity(context, input.entity.type, input.entity.id, input.merged, input.by)
    case "ReplayRequested":
      return requests.replay(context, input.connection, input.entity)
    case "ReleaseRequested":
      return requests.release(context, input.connection, input.entity, input.group)
    case "DeliveryAccepted":
    case "PageCommitted":
      // Bookkeeping of intake and workers: says nothing of any entity.
      return
  }
}
