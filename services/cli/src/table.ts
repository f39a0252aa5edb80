/** Tables and small words of the answers, with colour where the terminal has it. */
import Table from "cli-table3"
import colours from "picocolors"

const LINES = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
}

export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const made = new Table({
    head: head.map((name) => colours.dim(name)),
    chars: LINES,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  })
  for (const row of rows) made.push([...row])
  return made.toString()
}

/** 12,345. */
export const count = (n: number): string => n.toLocaleString("en-US")

/** A number that is better nought. */
export const alert = (n: number): string => (n === 0 ? colours.dim("0") : colours.yellow(count(n)))

export const time = (ms: number): string => new Date(ms).toISOString().replace("T", " ").slice(0, 19)

export const value = (of: unknown): string => {
  if (of === null || of === undefined) return colours.dim("nothing")
  if (typeof of === "object" && !Array.isArray(of)) {
    const members = Object.entries(of).map(([name, member]) => `${name} ${JSON.stringify(member)}`)
    return members.length === 1 ? JSON.stringify(Object.values(of)[0]) : members.join(", ")
  }
  return JSON.stringify(of)
}

export { colours }
