import * as Duration from "effect/Duration"
import * as Schedule from "effect/Schedule"
import { RETRY_MAX_MS, RETRY_MS } from "./limits.ts"

/** Waits twice as long each time, with jitter, so that many who lost the same server do not return together. */
export const backoff = (tries: number) =>
  Schedule.min([
    Schedule.exponential(Duration.millis(RETRY_MS), 2),
    Schedule.spaced(Duration.millis(RETRY_MAX_MS)),
  ]).pipe(Schedule.jittered, Schedule.upTo({ times: tries - 1 }))
