/** Tables and small words of the answers, with colour where the terminal has it. */
import { currencyExponent, decimalFromMinor } from "@concordat/model/values/money"
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

/** A provider may say a time that there is not. */
export const time = (ms: number): string =>
  Number.isNaN(new Date(ms).getTime())
    ? `${ms} ms after 1970`
    : new Date(ms).toISOString().replace("T", " ").slice(0, 19)

const isNothing = (of: unknown): boolean =>
  of === null || of === undefined || of === "" || (Array.isArray(of) && of.length === 0)

/** Slots that begin so say how a value stands there, and nothing of it. */
const ASIDE = "~"

/** Minor units are how amounts are stored, and nothing that a person reads. */
const money = (of: object): string | null => {
  const { amount, currency, ...rest } = of as Readonly<Record<string, unknown>>
  const exponent = typeof currency === "string" ? currencyExponent(currency) : null
  if (!Number.isSafeInteger(amount) || exponent === null || Object.values(rest).some((one) => !isNothing(one)))
    return null
  return `${decimalFromMinor(amount as number, exponent)} ${currency as string}`
}

/** A canonical group, or a connection's view of it. What is empty in it is left out. */
export const value = (of: unknown): string => {
  if (isNothing(of)) return colours.dim("nothing")
  if (typeof of !== "object" || of === null || Array.isArray(of)) return JSON.stringify(of)
  const sum = money(of)
  if (sum !== null) return sum
  const members = Object.entries(of).filter(([name, member]) => !isNothing(member) && !name.startsWith(ASIDE))
  if (members.length === 0) return colours.dim("nothing")
  if (Object.keys(of).length === 1) return JSON.stringify(members[0]![1])
  return members.map(([name, member]) => `${name} ${JSON.stringify(member)}`).join(", ")
}

export { colours }
