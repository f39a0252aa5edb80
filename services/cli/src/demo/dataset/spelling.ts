/** The many ways in which people write one name, number, address or company down. */
import type { Dice } from "./random.ts"
import type { Place } from "./vocabulary.ts"

/** As people write these letters where the keyboard lacks them. */
const WRITTEN_OUT: Readonly<Record<string, string>> = {
  ä: "ae",
  ö: "oe",
  ü: "ue",
  ß: "ss",
  ø: "oe",
  å: "aa",
  ł: "l",
  ı: "i",
}

const writtenOut = (letter: string): string => {
  const low = letter.toLowerCase()
  const out = WRITTEN_OUT[low]
  if (out === undefined) return letter
  return low === letter ? out : `${out.charAt(0).toUpperCase()}${out.slice(1)}`
}

/** Jürgen → Juergen, Søren → Soeren; marks on other letters are dropped: René → Rene. */
export const transliterated = (text: string): string =>
  [...text.normalize("NFC")].map(writtenOut).join("").normalize("NFD").replace(/\p{M}/gu, "")

/** For the local part of an address and for domains: `[a-z0-9-]`. */
export const slug = (text: string): string => {
  const known = slugs.get(text)
  if (known !== undefined) return known
  const made = transliterated(text)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
  slugs.set(text, made)
  return made
}

/** There are only so many names, and a long stream asks for each of them over and over. */
const slugs = new Map<string, string>()

export const otherSpelling = (dice: Dice, name: string): string =>
  dice.pick([transliterated(name), name.toUpperCase(), ` ${name}`, name.normalize("NFD"), name])

/** Subscriber numbers that are never given twice: multiplying by less than a prime modulus visits each residue once. */
const subscriber = (index: number, digits: 7 | 8): string =>
  digits === 8
    ? String(20_000_000 + ((index * 48_271) % 69_999_989))
    : String(2_000_000 + ((index * 48_271) % 6_999_997))

export interface PhoneNumber {
  readonly dial: string
  readonly area: string
  readonly number: string
}

export const landline = (place: Place, index: number): PhoneNumber => ({
  dial: place.dial,
  area: place.area,
  number: subscriber(index, place.digits),
})

export const mobile = (place: Place, index: number): PhoneNumber => ({ ...landline(place, index), area: place.mobile })

export const e164 = (phone: PhoneNumber): string => `+${phone.dial}${phone.area}${phone.number}`

const pairs = (digits: string): string => digits.replace(/(\d\d)(?=\d)/g, "$1 ")

/** Formats without a country code are only used in Germany, where the tenant is at home. */
export const writtenPhone = (dice: Dice, phone: PhoneNumber): string => {
  const { dial, area, number } = phone
  const international = [
    `+${dial} ${area} ${number}`,
    `+${dial} ${area} ${pairs(number)}`,
    `00${dial} ${area} ${number}`,
    `+${dial} (0)${area} ${number}`,
    e164(phone),
  ]
  const national = [`0${area}/${number}`, `0${area} ${pairs(number)}`, `(0${area}) ${number}`, `0${area}-${number}`]
  return dice.pick(dial === "49" ? [...international, ...national] : international)
}

export const writtenEmail = (dice: Dice, email: string): string => {
  const at = email.indexOf("@")
  const capital = email.replace(/(^|[.])([a-z])/g, (_, dot: string, letter: string) => `${dot}${letter.toUpperCase()}`)
  return dice.pick([
    email,
    email.toUpperCase(),
    `${email.slice(0, at)}@${email.slice(at + 1).toUpperCase()}`,
    `${capital.slice(0, at)}${email.slice(at)}`,
    email,
  ])
}

export const writtenDomain = (dice: Dice, domain: string): string =>
  dice.pick([
    domain,
    `https://www.${domain}/`,
    `http://${domain}`,
    `www.${domain}`,
    `https://${domain}/de/`,
    domain.toUpperCase(),
  ])

/** Acme GmbH & Co. KG → ACME GmbH & Co KG, Acme, Acme Gmbh … */
export const writtenCompany = (dice: Dice, stem: string, legal: string): string =>
  dice.pick([
    `${stem} ${legal}`,
    stem,
    `${stem.toUpperCase()} ${legal}`,
    `${transliterated(stem)} ${legal}`,
    `${stem}, ${legal}`,
  ])
