/** Amounts without floats: decimal text to integer minor units and back, by the exponent of ISO 4217. */
import currencies from "currency-codes"

const exponents: ReadonlyMap<string, number> = new Map(
  // Gold, test codes and the like have no minor unit: the list says so with a number that is none.
  currencies.data.map((record) => [record.code, Number.isInteger(record.digits) ? record.digits : 0]),
)

export const isCurrency = (code: string): boolean => exponents.has(code)

/** Digits of the minor unit: 2 for EUR, 0 for JPY, 3 for KWD; null for a code that ISO 4217 lacks. */
export const currencyExponent = (code: string): number | null => exponents.get(code) ?? null

interface Decimal {
  readonly negative: boolean
  /** Digits of the number without its point, no zeros in front. */
  readonly digits: bigint
  /** How many of them stand behind the point. */
  readonly scale: number
}

/** `1234.5`, `-0.10`, `1e3`, `1.5E-7`: what JSON and providers write. Thousands separators are nobody's guess. */
const parseDecimal = (text: string): Decimal | null => {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text.trim())
  if (match === null) return null
  const [, sign, whole = "", fraction = "", exponent = "0"] = match
  if (whole === "" && fraction === "") return null
  const scale = fraction.length - Number(exponent)
  const digits = BigInt(whole + fraction)
  return scale >= 0
    ? { negative: sign === "-", digits, scale }
    : { negative: sign === "-", digits: digits * 10n ** BigInt(-scale), scale: 0 }
}

const text = (negative: boolean, digits: bigint, scale: number): string => {
  const padded = digits.toString().padStart(scale + 1, "0")
  const number = scale === 0 ? padded : `${padded.slice(0, -scale)}.${padded.slice(-scale)}`
  return negative && digits !== 0n ? `-${number}` : number
}

/** The shortest text of the same number: no zeros at the end, no exponent, no minus zero; null where it is no number. */
export const normalDecimal = (value: string): string | null => {
  const decimal = parseDecimal(value)
  if (decimal === null) return null
  let { digits, scale } = decimal
  while (scale > 0 && digits % 10n === 0n) {
    digits /= 10n
    scale -= 1
  }
  return text(decimal.negative, digits, scale)
}

/** Half away from zero, as invoices do; the text has at most `places` digits behind the point. */
export const roundDecimal = (value: string, places: number): string | null => {
  const decimal = parseDecimal(value)
  if (decimal === null) return null
  if (decimal.scale <= places) return normalDecimal(value)
  const cut = 10n ** BigInt(decimal.scale - places)
  const rounded = (decimal.digits * 2n + cut) / (cut * 2n)
  return normalDecimal(text(decimal.negative, rounded, places))
}

/**
 * Decimal text to minor units: `("12.5", 2)` → 1250. Null where it is no number, has more places than the currency
 * (rounding is a declared normaliser's, never silent), or leaves the integers that JSON carries exactly.
 */
export const minorFromDecimal = (value: string, exponent: number): number | null => {
  const decimal = parseDecimal(normalDecimal(value) ?? "")
  if (decimal === null || decimal.scale > exponent) return null
  const minor = decimal.digits * 10n ** BigInt(exponent - decimal.scale)
  if (minor > BigInt(Number.MAX_SAFE_INTEGER)) return null
  return minor === 0n ? 0 : Number(decimal.negative ? -minor : minor)
}

/** Minor units to decimal text with every place of the currency: `(1250, 2)` → `12.50`. */
export const decimalFromMinor = (minor: number, exponent: number): string => {
  const whole = BigInt(minor)
  return text(whole < 0n, whole < 0n ? -whole : whole, exponent)
}
