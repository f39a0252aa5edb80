/** A kind of input from outside: what is tried, and what has to hold of each try. */
import type * as fc from "fast-check"

export interface Target {
  readonly name: string
  /** Throws what it found. The arbitrary and the property belong together, so they come as one. */
  readonly property: fc.IAsyncPropertyWithHooks<[unknown]> | fc.IAsyncProperty<[unknown]>
  /** What has to hold after all tries. Throws. */
  readonly afterwards?: () => Promise<void>
}
