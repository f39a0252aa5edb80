/** What a test can make the server do wrong, and how often. Faults are used up in the order in which they were set. */

export type AppendFault =
  /** Nothing: this one is answered as usual. */
  | { readonly kind: "none" }
  /** Takes effect, or not, and is never answered. */
  | { readonly kind: "silent"; readonly applied: boolean }
  /** Done and answered as usual, when `until` is. */
  | { readonly kind: "slow"; readonly until: Promise<void> }
  /** Takes effect, or not, and the connections break before the answer. */
  | { readonly kind: "drop"; readonly applied: boolean }
  /** The call ends as if all was answered, with the append neither done nor answered. */
  | { readonly kind: "end" }
  /** Refused: starting or busy; or timed out waiting for the other nodes, while it may still be done. */
  | { readonly kind: "busy" }
  | { readonly kind: "timeout"; readonly applied: boolean }
  /** Refused as a conflict, though these very events are there: the ids are no longer known. */
  | { readonly kind: "forgetful" }
  /** Another node leads. */
  | { readonly kind: "notLeader"; readonly host: string; readonly port: number }

export type ReadFault =
  | { readonly kind: "unavailable" }
  | { readonly kind: "notLeader"; readonly host: string; readonly port: number }
  /** Fails after so many messages. */
  | { readonly kind: "breakOff"; readonly after: number }
  /** Taken and never answered. */
  | { readonly kind: "silent" }
  /** A subscription that says that it fell behind, and catches up again. */
  | { readonly kind: "fallBehind" }

export class Faults {
  readonly append: Array<AppendFault> = []
  readonly read: Array<ReadFault> = []
  readonly subscription: Array<ReadFault> = []

  /** Calls that were made. */
  readonly seen = { appends: 0, batches: 0, sessions: 0, reads: 0, subscriptions: 0, gossips: 0 }
}
