/** Waits between tries, by the clock on the wall: the server has no other. */
import { AGAIN_MAX_MS, AGAIN_MS } from "./limits.ts"

/** Longer each time, and never two processes in step. */
export const pauseMs = (tries: number): number =>
  Math.min(AGAIN_MS * 2 ** Math.min(tries, 16), AGAIN_MAX_MS) * (0.5 + Math.random() / 2)

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())
