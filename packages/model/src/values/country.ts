/** Countries by any of their names: to ISO 3166-1 alpha-2 and to the English name. */
import countries from "i18n-iso-countries/index.js"
import cs from "i18n-iso-countries/langs/cs.json" with { type: "json" }
import da from "i18n-iso-countries/langs/da.json" with { type: "json" }
import de from "i18n-iso-countries/langs/de.json" with { type: "json" }
import en from "i18n-iso-countries/langs/en.json" with { type: "json" }
import es from "i18n-iso-countries/langs/es.json" with { type: "json" }
import fi from "i18n-iso-countries/langs/fi.json" with { type: "json" }
import fr from "i18n-iso-countries/langs/fr.json" with { type: "json" }
import it from "i18n-iso-countries/langs/it.json" with { type: "json" }
import nl from "i18n-iso-countries/langs/nl.json" with { type: "json" }
import no from "i18n-iso-countries/langs/no.json" with { type: "json" }
import pl from "i18n-iso-countries/langs/pl.json" with { type: "json" }
import pt from "i18n-iso-countries/langs/pt.json" with { type: "json" }
import ro from "i18n-iso-countries/langs/ro.json" with { type: "json" }
import sv from "i18n-iso-countries/langs/sv.json" with { type: "json" }
import { memoised } from "./memo.ts"
import { foldName } from "./text.ts"

/** The first language that claims a name has it. */
const LANGUAGES = [en, de, fr, es, it, nl, pt, pl, sv, da, no, fi, cs, ro] as ReadonlyArray<{
  readonly countries: Readonly<Record<string, string | ReadonlyArray<string>>>
}>

/** What people write and no list has. */
const ALIASES: Readonly<Record<string, string>> = {
  uk: "GB",
  england: "GB",
  scotland: "GB",
  wales: "GB",
  "northern ireland": "GB",
  "great britain": "GB",
  grossbritannien: "GB",
  holland: "NL",
  america: "US",
  brd: "DE",
  uae: "AE",
  "czech republic": "CZ",
  "south korea": "KR",
  russia: "RU",
  vietnam: "VN",
  "viet nam": "VN",
}

const allNames = (): ReadonlyMap<string, string> => {
  const names = new Map<string, string>(Object.entries(ALIASES))
  const claim = (name: string, code: string): void => {
    const folded = foldName(name)
    if (!names.has(folded)) names.set(folded, code)
  }
  for (const [alpha3, alpha2] of Object.entries(countries.getAlpha3Codes())) {
    claim(alpha2, alpha2)
    claim(alpha3, alpha2)
  }
  for (const language of LANGUAGES) {
    for (const [code, name] of Object.entries(language.countries)) {
      for (const one of typeof name === "string" ? [name] : name) claim(one, code)
    }
  }
  return names
}

/** Made when the first country is asked for, and not while the process starts. */
let byName: ReadonlyMap<string, string> | undefined
const codes: ReadonlySet<string> = new Set(Object.values(countries.getAlpha3Codes()))

const found = memoised(2_000, (text: string) => {
  byName ??= allNames()
  return { code: byName.get(foldName(text)) ?? null }
})

/** `Deutschland`, `DEU`, `de` → `DE`; null for a country that nobody knows. */
export const countryCode = (text: string): string | null => (codes.has(text) ? text : found(text).code)

/** The English short name; the code itself where there is none. */
export const countryName = (code: string): string => {
  const names: Readonly<Record<string, string | ReadonlyArray<string>>> = en.countries
  const name = names[code]
  return typeof name === "string" ? name : (name?.[0] ?? code)
}

export const countryAlpha3 = (code: string): string => countries.alpha2ToAlpha3(code) ?? code
