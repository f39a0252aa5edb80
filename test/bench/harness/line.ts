/** What a line of the benchmark is: something measured, what it is held to, and what stands beside it from the same run. */

export type Better = "more" | "less"

/** What a measurement says of itself, so that its figure can be read. */
export interface About {
  /** Bytes of JSON of one record as the provider's page had it. */
  readonly recordBytes?: number
  /** Journal events that one record (or one change) became. */
  readonly eventsPerRecord?: number
  readonly journal: string
  /** Which process and thread did what; the kernel chooses the cores. */
  readonly ran: string
  /** Further figures of the same measurement. */
  readonly detail: Readonly<Record<string, number | string>>
}

export interface Row {
  readonly name: string
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly better: Better
  /** In the line's unit; null: it is only stated. */
  readonly target: number | null
  readonly beside: { readonly name: string; readonly value: number } | null
  /** Whether what is counted was forced to the disk before it counted. */
  readonly durable: boolean
  readonly about: About
}

/** How large a run is. */
export type Scale = "quick" | "full"

export interface Context {
  readonly scale: Scale
  /** How many records: as `--people` says, else by the scale. */
  readonly people: (quick: number, full: number) => number
  /** An empty folder of the line's own, removed afterwards. */
  readonly dir: string
  /** A folder that the lines of a run share: stores that are prepared once. */
  readonly shared: string
  /** Runs what is measured; everything around it is preparation. With `--profile` or `--allocations` this alone is profiled. */
  readonly timed: <A>(work: () => Promise<A>) => Promise<Timed<A>>
  /** Says how far it is, to whoever waits. */
  readonly say: (text: string) => void
}

export interface Timed<A> {
  readonly result: A
  readonly seconds: number
  /** Of a core: the thread of the engine, and all threads of the process together. */
  readonly mainCpu: number
  readonly processCpu: number
  /** The longest the thread did not come round, ms: garbage, an fsync in place, or the process was stopped by somebody. */
  readonly longestPauseMs: number
  readonly peakRssMb: number
  /** Bytes of objects made on the engine's thread, estimated from samples; null where nobody asked. */
  readonly allocated: number | null
}

export interface Line {
  readonly name: string
  readonly what: string
  /** Part of `--quick`. */
  readonly quick: boolean
  /** What it needs that a machine may lack; null: it can run. */
  readonly missing?: () => string | null
  readonly measure: (context: Context) => Promise<ReadonlyArray<Row>>
}

/** null: held to nothing. */
export const met = ({ better, target, value }: Pick<Row, "better" | "target" | "value">): boolean | null =>
  target === null ? null : better === "more" ? value >= target : value <= target

export const ratio = ({ beside, value }: Pick<Row, "beside" | "value">): number | null =>
  beside === null || beside.value === 0 ? null : value / beside.value

/**
 * What a measurement took of the process, for a row's details. What was done in a second of the CPU hardly depends on who
 * else uses the machine.
 */
export const cost = <A>(
  { allocated, longestPauseMs, mainCpu, peakRssMb, processCpu, seconds }: Timed<A>,
  count: number,
) => ({
  seconds: round(seconds),
  "in a second of CPU of the main thread": round(count / mainCpu),
  "of the whole process": round(count / processCpu),
  "main thread, cores": round(mainCpu / seconds),
  "whole process, cores": round(processCpu / seconds),
  "longest pause, ms": Math.round(longestPauseMs),
  "peak RSS, MB": Math.round(peakRssMb),
  ...(allocated === null ? {} : { "allocated for each, kB": round(allocated / count / 1_000) }),
})

export const round = (value: number): number =>
  Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))

export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  if (sorted.length === 0) throw new Error("nothing was measured")
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)
