/** What the client throws, as what it means: certain, worth another try, or not. */
import { JournalError } from "@concordat/engine/ports/Journal"
import {
  AccessDeniedError,
  AppendRecordSizeExceededError,
  convertToCommandError,
  InvalidArgumentError,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  StreamTombstonedError,
  TransactionMaxSizeExceededError,
  WrongExpectedVersionError,
} from "@kurrent/kurrentdb-client"

export type Failure =
  /** Nothing happened: another revision was expected of this stream. */
  | { readonly _tag: "Conflict"; readonly stream: string }
  /** Nothing happened: the server takes so many bytes in one append. */
  | { readonly _tag: "TooLarge"; readonly bytes: number }
  /** Trying again changes nothing. */
  | { readonly _tag: "Refused"; readonly error: JournalError }
  /** It may have happened or not, and is worth another try. */
  | { readonly _tag: "Unknown"; readonly detail: string }

const refused = (reason: JournalError["reason"], detail: string): Failure => ({
  _tag: "Refused",
  error: new JournalError({ reason, detail }),
})

/** The first line of what went wrong, without addresses of our own making: the client's messages hold no credentials. */
const describe = (cause: unknown): string => {
  const text = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
  return text.split("\n", 1)[0]!.slice(0, 300)
}

/** Calls that are made here come with gRPC's own errors; what they mean stands in their trailers. */
const understood = (cause: unknown): unknown => {
  if (!(cause instanceof Error)) return cause
  try {
    return convertToCommandError(cause)
  } catch {
    // A trailer that is missing, of another version's error.
    return cause
  }
}

/** @param stream the one that was appended to or read, where there is one */
export const toFailure = (given: unknown, stream = ""): Failure => {
  const cause = understood(given)
  if (cause instanceof WrongExpectedVersionError) return { _tag: "Conflict", stream: cause.streamName || stream }
  if (cause instanceof MaxAppendSizeExceededError) return { _tag: "TooLarge", bytes: cause.maxAppendSize }
  if (cause instanceof TransactionMaxSizeExceededError) return { _tag: "TooLarge", bytes: cause.maxSize }
  if (cause instanceof AppendRecordSizeExceededError)
    return refused(
      "limit",
      `event ${cause.recordId} of ${cause.stream} has ${cause.size} bytes, the server takes ${cause.maxSize}`,
    )
  if (cause instanceof StreamDeletedError || cause instanceof StreamTombstonedError)
    return refused("corrupt", `stream ${stream} was deleted for ever on the server: it can't be written to again`)
  if (cause instanceof AccessDeniedError)
    return refused("unauthorised", "access denied: check user, password and rights of the connection string")
  if (cause instanceof InvalidArgumentError) return refused("limit", describe(cause))
  // gRPC's INVALID_ARGUMENT, which the client calls unknown.
  if (cause instanceof Error && (cause as { code?: unknown }).code === 3) return refused("limit", describe(cause))
  return { _tag: "Unknown", detail: describe(cause) }
}

/** A read has no outcome to be unsure of: whatever is not certain is that the server can't be reached. */
export const toReadError = (failure: Failure): JournalError => {
  if (failure._tag === "Refused") return failure.error
  const detail = failure._tag === "Unknown" ? failure.detail : failure._tag
  return new JournalError({ reason: "unavailable", detail })
}
