/** E-mail addresses, phone numbers, domains and addresses on the web: parsed and compared. */
import type { CountryCode } from "libphonenumber-js/min"
import { domainToASCII } from "node:url"
import { parse } from "tldts"
import { internationalPhone } from "./international-phone.ts"
import { memoised } from "./memo.ts"
import { phoneLibrary } from "./phone-library.ts"
import { withoutLast } from "./text.ts"

export const tidyEmail = (email: string): string => email.normalize("NFC").trim().toLowerCase()

/** Something, an at sign, a name with a dot; more is the mail server's to say. */
export const isEmail = (email: string): boolean => /^[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>.]+$/.test(email)

export const emailDomain = (email: string): string => tidyEmail(email).split("@").at(-1) ?? ""

/**
 * Mailboxes that several people read: an address that says what it is for and not who reads it identifies nobody.
 * English, German, French, Spanish, Italian and Dutch; see RFC 2142 for the technical ones.
 */
const ROLES: ReadonlySet<string> = new Set(
  (
    "abuse accounting accounts accueil admin administracion administration administrator amministrazione anfrage anfragen " +
    "assistance assistenz backoffice bewerbung billing booking bookings buchhaltung buero business career careers comercial " +
    "commercial compta comptabilite contact contacto contabilidad contabilita contacts customercare customerservice datenschutz " +
    "dev dpo einkauf empfang enquiries enquiry events facturacion facturation finance financial firma ftp gdpr hallo hello help " +
    "helpdesk hi hola hosting hostmaster hr impressum info informacion informatie information informations inquiries invoice " +
    "invoices it jobs karriere klantenservice kontakt kundendienst kundenservice legal mail mailbox mailer-daemon mailing " +
    "management marketing media no-reply noc noreply donotreply office operations order orders payments personal postmaster pr " +
    "presse press privacy purchasing rechnung rechnungen recruiting recruitment reception redaktion reservations returns root " +
    "rrhh sales secretariat security sekretariat service services shop soporte spam staff stellen store subscribe support " +
    "team tech techsupport tickets unsubscribe usenet uucp vendite ventas verkauf verkoop vertrieb verwaltung web webmaster www zentrale"
  ).split(" "),
)

const before = (text: string, mark: string): string => {
  const at = text.indexOf(mark)
  return at === -1 ? text : text.slice(0, at)
}

/** `sales@`, `info+x@`, `office.berlin@`: read by more than one person. */
export const isRoleMailbox = (email: string): boolean => {
  const local = before(before(tidyEmail(email), "@"), "+")
  if (ROLES.has(local)) return true
  const cut = local.search(/[._-]/)
  return (cut !== -1 && ROLES.has(local.slice(0, cut))) || (/\d$/.test(local) && ROLES.has(withoutLast(local, /\d/)))
}

const parsedPhone = memoised(20_000, (key: string): { readonly kept: string; readonly normal: string } => {
  const cut = key.indexOf("|")
  const region = key.slice(0, cut)
  const text = key.slice(cut + 1)
  const international = internationalPhone(text)
  if (international !== null) return { kept: international, normal: international }
  const { isSupportedCountry, parsePhoneNumberFromString } = phoneLibrary()
  const known: CountryCode | undefined = isSupportedCountry(region) ? region : undefined
  const number = parsePhoneNumberFromString(text, known)
  if (number?.isPossible() === true) {
    // An extension is part of whom it reaches, and E.164 has no place for one.
    return number.ext === undefined
      ? { kept: number.number, normal: number.number }
      : { kept: text, normal: `${number.number};ext=${number.ext}` }
  }
  const digits = text.replace(/\D/g, "")
  return { kept: text, normal: digits === "" ? text.toLowerCase() : digits }
})

/** A number that names its country is the same in every region: it is parsed once, wherever it is asked for. */
const phoneKey = (phone: string, region: string): string => {
  const text = phone.trim()
  return text.startsWith("+") ? `|${text}` : `${region}|${text}`
}

/** E.164 where it parses (`region`: ISO 3166-1 alpha-2 of numbers without a country), else as it was written. */
export const tidyPhone = (phone: string, region: string): string => {
  const parsed = parsedPhone(phoneKey(phone, region))
  // What is kept is what is compared next; parsing it again would tell nothing new.
  if (parsed.kept !== phone && parsed.kept === parsed.normal) parsedPhone.learn(phoneKey(parsed.kept, region), parsed)
  return parsed.kept
}

/** E.164 with its extension, else the digits alone. */
export const normalPhone = (phone: string, region: string): string => parsedPhone(phoneKey(phone, region)).normal

const parsedDomain = memoised(20_000, (text: string) => {
  const { hostname, domain, isPrivate, isIp } = parse(text.trim().toLowerCase(), { allowPrivateDomains: true })
  const host = hostname === null ? "" : domainToASCII(hostname.replace(/\.$/, ""))
  return {
    host: host.replace(/^www\d?\./, "") || host,
    registrable: domain,
    hosted: isPrivate === true,
    isIp: isIp === true,
  }
})

/** `https://www.Müller.de/kontakt` → `xn--mller-kva.de`; what is no host name stays, in lower case. */
export const tidyDomain = (text: string): string => {
  const { host } = parsedDomain(text)
  return host.includes(".") ? host : text.trim().toLowerCase()
}

/** The part of a host that one registrant holds (`shop.acme.co.uk` → `acme.co.uk`); null for an address or a bare name. */
export const registrableDomain = (text: string): string | null => {
  const { registrable, isIp } = parsedDomain(text)
  return isIp ? null : registrable
}

/** True under a suffix that anyone can get a name at (`acme.github.io`, `acme.myshopify.com`): by the Public Suffix List. */
export const isHosted = (text: string): boolean => parsedDomain(text).hosted

/** Scheme and host without case, no default port, no slashes or spaces at the end; the path keeps its case. */
export const normalUrl = memoised(5_000, (text: string): string => {
  const trimmed = text.trim()
  const whole = /^[a-z][a-z0-9+.-]*:/i.test(trimmed) ? trimmed : `https://${trimmed}`
  if (!URL.canParse(whole)) return trimmed
  const url = new URL(whole)
  return withoutLast(url.href, /[\s/]/)
})
