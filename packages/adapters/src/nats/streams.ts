/** The stream of wake-ups, each for one worker, and which subjects and consumers there may be. */
import { BusError } from "@concordat/engine/ports/Bus"
import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from "@nats-io/jetstream"
import { nanos } from "@nats-io/transport-node"
import { createHash } from "node:crypto"
import { BUS_CONSUMERS, BUS_MESSAGES, MESSAGE_AGE_MS, SUBJECT_MESSAGES, WINDOW_MS } from "./limits.ts"

export const PUSH_STREAM = "CONCORDAT_PUSH"

/** `concordat.push.{pp}.{tenant}.{connection}`: five parts, so that it has nothing in common with the four of events. */
const PUSH_SUBJECTS = "concordat.push.*.*.*"

export const pushStream = (replicas: number) =>
  ({
    name: PUSH_STREAM,
    subjects: [PUSH_SUBJECTS],
    description: "Wake-ups for connections. Can be lost whole: what is due stands in the state.",
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    num_replicas: replicas,
    // Of one connection the oldest go; of all together none that was accepted.
    discard: DiscardPolicy.New,
    max_msgs: BUS_MESSAGES,
    max_msgs_per_subject: SUBJECT_MESSAGES,
    max_age: nanos(MESSAGE_AGE_MS),
    max_consumers: BUS_CONSUMERS,
    duplicate_window: nanos(WINDOW_MS),
  }) satisfies Partial<StreamConfig>

const PART = /^[A-Za-z0-9_-]+$/
const PUSH_PARTS = PUSH_SUBJECTS.split(".").length

const invalid = (subject: string, why: string): BusError =>
  new BusError({
    reason: "invalid",
    detail: `the subject ${JSON.stringify(subject)} ${why}; expected is concordat.push.{partition}.{tenant}.{connection}`,
  })

/** A subject that a push command may be published on, or what is wrong with it. */
export const checkSubject = (subject: string): BusError | null => {
  const parts = subject.split(".")
  if (!subject.startsWith("concordat.push.") || parts.length !== PUSH_PARTS)
    return invalid(subject, "is none of a push command")
  return parts.every((part) => PART.test(part))
    ? null
    : invalid(subject, "has a part with other signs than letters, digits, _ and -")
}

/** A message's id stands in a header, and without one it would be kept as often as it is sent. */
export const checkId = (id: string): BusError | null =>
  /^[\x20-\x7e]+$/.test(id)
    ? null
    : new BusError({
        reason: "invalid",
        detail: `the message id ${JSON.stringify(id)} is empty or not printable ASCII`,
      })

/** The server's filter for a pattern: a final `>` stands for all the parts that follow. */
export const filterOf = (pattern: string): string | BusError => {
  if (!pattern.endsWith(">")) return checkSubject(pattern) ?? pattern
  const before = pattern.slice(0, -1)
  const parts = before.split(".").slice(0, -1)
  if (
    !before.endsWith(".") ||
    !"concordat.push.".startsWith(`${parts.slice(0, 2).join(".")}.`) ||
    parts.length >= PUSH_PARTS
  )
    return invalid(pattern, "ends in > within a part")
  const all = [...parts, ...PUSH_SUBJECTS.split(".").slice(parts.length)]
  return parts.every((part) => PART.test(part)) ? all.join(".") : invalid(pattern, "has a part with other signs")
}

/** A name for a group's consumer of one filter: what the server allows, and never that of another. */
export const consumerName = (group: string, filter: string): string => {
  const hash = createHash("sha256").update(`${group}\n${filter}`).digest("hex").slice(0, 12)
  return `${group.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 100)}-${hash}`
}
