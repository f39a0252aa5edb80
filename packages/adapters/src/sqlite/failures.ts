/** What SQLite's result codes mean to a caller (https://www.sqlite.org/rescode.html). */
import type { Failure, Reason } from "./protocol.ts"

/** A refusal of ours inside a transaction: only the unit that met it is undone. */
export class Refusal extends Error {
  readonly reason: Reason
  constructor(reason: Reason, detail: string) {
    super(detail)
    this.reason = reason
  }
}

const REASONS: Readonly<Record<number, Reason>> = {
  5: "locked",
  6: "locked",
  11: "corrupt",
  13: "full",
  18: "limit",
  26: "foreign",
}
const IO_ERROR = 10

const codeOf = (cause: unknown): number | null =>
  cause instanceof Error && "errcode" in cause && typeof cause.errcode === "number" ? cause.errcode & 0xff : null

/** After a failed write or fsync nobody knows what the disk holds, and a later success would prove nothing. */
export const isDiskFailure = (cause: unknown): boolean => codeOf(cause) === IO_ERROR

export const toFailure = (cause: unknown): Failure => {
  const detail = cause instanceof Error ? cause.message : String(cause)
  if (cause instanceof Refusal) return { reason: cause.reason, detail }
  const code = codeOf(cause)
  return { reason: (code === null ? undefined : REASONS[code]) ?? "unavailable", detail }
}
