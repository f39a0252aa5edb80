/**
 * Phone numbers that name their country, as most of what a CRM holds does, told without libphonenumber's parser: 1.4 µs for
 * its 11, which were a tenth of what a contact cost. What it would say is said, or nothing.
 */
import { phoneLibrary } from "./phone-library.ts"

/** What its parser asks of a numbering plan. Its types name only the lengths, and only countries to select one by. */
interface Plans {
  readonly selectNumberingPlan: (countryOrCallingCode: string) => void
  readonly numberingPlan: {
    readonly possibleLengths: () => ReadonlyArray<number>
    readonly nationalPrefixForParsing: () => string | undefined
  }
}

interface Plan {
  /** A number that begins so may be changed by the parser; null: it never is. */
  readonly prefix: RegExp | null
  /** Of national numbers, possible in every country of the calling code: then it does not matter which of them it is. */
  readonly lengths: ReadonlySet<number>
}

/** By calling code. None is the beginning of another one. */
const plansOf = (): ReadonlyMap<string, Plan> => {
  const { getCountries, getCountryCallingCode, Metadata } = phoneLibrary()
  const metadata = new Metadata() as unknown as Plans
  const plans = new Map<string, Plan>()
  for (const [code, countries] of Map.groupBy(getCountries(), (country) => getCountryCallingCode(country))) {
    const lengths = countries.map((country) => {
      metadata.selectNumberingPlan(country)
      return new Set(metadata.numberingPlan.possibleLengths())
    })
    metadata.selectNumberingPlan(code)
    const prefix = metadata.numberingPlan.nationalPrefixForParsing()
    plans.set(code, {
      prefix: prefix === undefined ? null : new RegExp(`^(?:${prefix})`),
      lengths: lengths.reduce((common, one) => common.intersection(one)),
    })
  }
  return plans
}

let plans: ReadonlyMap<string, Plan> | undefined
const MAX_CODE = 3
/** Nothing that could be an extension, or digits of another script. */
const PLAIN = /^\+[1-9][0-9 ()./-]{3,30}$/

/** E.164; null where only the parser can tell. */
export const internationalPhone = (text: string): string | null => {
  if (!PLAIN.test(text)) return null
  const digits = text.replace(/[ ()./-]/g, "")
  plans ??= plansOf()
  for (let end = 2; end <= MAX_CODE + 1; end++) {
    const plan = plans.get(digits.slice(1, end))
    if (plan === undefined) continue
    if (!plan.lengths.has(digits.length - end)) return null
    return plan.prefix?.test(digits.slice(end)) === true ? null : digits
  }
  return null
}
