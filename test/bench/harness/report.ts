/** The rows of a run as a table for people and as one line of JSON. */
import { met, ratio, type Row, round } from "./line.ts"
import type { Probe } from "./probe.ts"

/** A row with the probe of the moment before its line ran. */
export interface Measured extends Row {
  readonly probe: Probe
}

export interface Outcome {
  readonly lines: ReadonlyArray<Measured>
  /** Lines that could not be measured, and why. */
  readonly missing: Readonly<Record<string, string>>
  /** Before the first line. */
  readonly probe: Probe
}

const number = (value: number): string => round(value).toLocaleString("en-US", { maximumFractionDigits: 3 })

const said = (isMet: boolean | null): string => (isMet === null ? "" : isMet ? "yes" : "no")

const cells = (row: Measured): ReadonlyArray<string> => {
  const share = ratio(row)
  return [
    row.name,
    number(row.value),
    row.unit,
    row.target === null ? "" : `${row.better === "more" ? "≥" : "≤"} ${number(row.target)}`,
    said(met(row)),
    share === null ? "" : `${number(share)} ×`,
    row.beside === null ? "" : `${row.beside.name} ${number(row.beside.value)}`,
    row.durable ? "yes" : "no",
    `${row.probe.p50Ms}/${row.probe.p99Ms}`,
  ]
}

const HEAD = ["line", "value", "unit", "to reach", "met", "ratio", "beside", "durable", "fdatasync p50/p99 ms"]

const columns = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = HEAD.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n")
}

/** Rows of one measurement say how it was made once. */
const aboutOf = ({ about, name, what }: Row, before: Row | undefined): string => {
  if (before !== undefined && JSON.stringify(before.about) === JSON.stringify(about)) return `${name}: ${what}`
  const { detail, eventsPerRecord, journal, ran, recordBytes } = about
  const facts = [
    ...(recordBytes === undefined ? [] : [`records of ${Math.round(recordBytes)} bytes`]),
    ...(eventsPerRecord === undefined ? [] : [`${round(eventsPerRecord)} events each`]),
    `journal: ${journal}`,
    `ran: ${ran}`,
    ...Object.entries(detail).map(([key, value]) => `${key} ${typeof value === "number" ? number(value) : value}`),
  ]
  return `${name}: ${what}\n    ${facts.join("; ")}`
}

export const table = ({ lines, missing }: Outcome): string =>
  [
    columns([HEAD, ...lines.map(cells)]),
    "",
    ...lines.map((row, i) => aboutOf(row, lines[i - 1])),
    ...Object.entries(missing).map(([name, why]) => `${name}: not measured, ${why}`),
  ].join("\n")

/** One line. What stands before `better` is its promised shape; the rest is what the table tells further. */
export const json = ({ lines, missing, probe }: Outcome): string =>
  JSON.stringify({
    lines: lines.map((row) => ({
      name: row.name,
      value: row.value,
      unit: row.unit,
      target: row.target,
      met: met(row),
      beside: row.beside,
      ratio: ratio(row),
      durable: row.durable,
      better: row.better,
      about: row.about,
      probe: row.probe,
    })),
    probe,
    missing,
  })
