/**
 * How the reconciling is divided: a share is the partitions whose two digits begin with its name, so that its input is a
 * handful of prefixes. Embedded there is one share of all, with an empty name.
 */
import { INPUT_CATEGORIES, partitionOf } from "@concordat/model/streams"
import * as Context from "effect/Context"

/**
 * Digits of a share's name: 0 is one share, 1 is sixteen of sixteen partitions each. All processes on one state have the
 * same: checkpoints are kept by share.
 */
export const ShareDigits = Context.Reference<0 | 1>("@concordat/engine/ShareDigits", { defaultValue: () => 0 })

export const sharesOf = (digits: 0 | 1): ReadonlyArray<string> =>
  digits === 0 ? [""] : Array.from({ length: 16 }, (_, n) => n.toString(16))

export const shareOf = (digits: 0 | 1, tenant: string): string => partitionOf(tenant).slice(0, digits)

export const checkpointOf = (share: string): string => (share === "" ? "reconciler" : `reconciler-${share}`)

/** The stream of the share's first partition fences all of it. */
export const fenceStreamOf = (share: string): string => `partition-${share.padEnd(2, "0")}`

export const inputOf = (share: string): ReadonlyArray<string> =>
  INPUT_CATEGORIES.map((category) => `${category}-${share}`)
