/** Declared normalisers: what a provider is known to make of a value that it is sent. */
import type { Value, ValueKind } from "@concordat/model/canonical/fields"
import { roundDecimal } from "@concordat/model/values/money"
import { htmlText } from "@concordat/model/values/text"
import type { NormaliserSpec } from "./document.ts"

type Normaliser = (text: string, argument: number) => string

const NORMALISERS: Readonly<
  Record<string, { readonly argument: "none" | "needed" | "optional"; readonly apply: Normaliser }>
> = {
  trim: { argument: "none", apply: (text) => text.trim() },
  collapse: { argument: "none", apply: (text) => text.replace(/\s+/g, " ").trim() },
  lowercase: { argument: "none", apply: (text) => text.toLowerCase() },
  uppercase: { argument: "none", apply: (text) => text.toUpperCase() },
  /** By characters, not by halves of them. */
  truncate: { argument: "needed", apply: (text, length) => Array.from(text).slice(0, length).join("").trimEnd() },
  /** Sanitised and reformatted: only the text that a reader sees is sure to stay. */
  html: { argument: "none", apply: htmlText },
  /** Decimals; of amounts the currency's own, when they are read. */
  round: { argument: "optional", apply: (text, places) => roundDecimal(text, places) ?? text },
}

export const NORMALISER_NAMES = Object.keys(NORMALISERS).map((name) =>
  NORMALISERS[name]?.argument === "none" ? name : `${name}:<number>`,
)

/** `truncate:255` and the like; undefined where there is no such normaliser. */
export const parseNormaliser = (text: string): NormaliserSpec | undefined => {
  const match = /^([a-z]+)(?::(\d{1,5}))?$/.exec(text.trim())
  const known = match === null ? undefined : NORMALISERS[match[1] ?? ""]
  if (match === null || known === undefined) return undefined
  const argument = match[2] === undefined ? null : Number(match[2])
  if ((known.argument === "none" && argument !== null) || (known.argument === "needed" && argument === null))
    return undefined
  return { name: match[1] ?? "", argument }
}

const numeric = (kind: ValueKind): boolean => kind === "integer" || kind === "seconds"

/** The value as it stands there afterwards. Amounts in minor units have nothing left to round. */
export const lossyValue = (normalise: ReadonlyArray<NormaliserSpec>, kind: ValueKind, value: Value): Value => {
  if (normalise.length === 0 || value === null || typeof value === "boolean" || kind === "minor") return value
  const apply = (text: string): string =>
    normalise.reduce((made, { name, argument }) => NORMALISERS[name]?.apply(made, argument ?? 0) ?? made, text)
  if (typeof value === "object") return value.map(apply)
  const made = apply(String(value))
  if (typeof value === "number") return numeric(kind) ? Number(made) : value
  return made === "" ? null : made
}
