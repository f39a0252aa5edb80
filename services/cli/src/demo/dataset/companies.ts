/** Invents companies and writes them down as each system has them. */
import type { Dice } from "./random.ts"
import { spread, type Sizes } from "./sizes.ts"
import { landline, slug, writtenCompany, writtenDomain, writtenPhone } from "./spelling.ts"
import { moments } from "./moments.ts"
import type { Company, HeldCompany } from "./things.ts"
import { COMPANY_TRADES, COMPANY_WORDS, FREE_MAIL, LEGAL_FORMS, PLACES, SELLERS, STREETS } from "./vocabulary.ts"

/** Numbers of companies begin where those of people can't come. */
const PHONE_BASE = 5_000_000

export const inventCompanies = (dice: Dice, sizes: Sizes): ReadonlyArray<Company> => {
  const systems = dice.shuffled(
    spread(sizes.companies, [
      [["hubspot", "odoo"], 36],
      [["hubspot"], 18],
      [["odoo"], 18],
      [["hubspot", "odoo", "app"], 16],
      [["app"], 12],
    ]),
  )
  return systems.map((within, index) => {
    const place = dice.pick(PLACES)
    const word = COMPANY_WORDS[index % COMPANY_WORDS.length] ?? "Nord"
    const trade = COMPANY_TRADES[Math.floor(index / COMPANY_WORDS.length) % COMPANY_TRADES.length] ?? "Handel"
    const round = Math.floor(index / (COMPANY_WORDS.length * COMPANY_TRADES.length))
    const stem = `${word} ${trade}${round === 0 ? "" : ` ${place.city} ${round}`}`
    return {
      label: `company:${index + 1}`,
      stem,
      legal: dice.pick(LEGAL_FORMS),
      // Two small companies at one free mail host are still two.
      domain: within.length === 1 && dice.chance(0.04) ? FREE_MAIL : `${slug(stem)}.example`,
      phone: landline(place, PHONE_BASE + index),
      vat: `${place.country}${String(100_000_000 + index * 7).slice(0, 9)}`,
      place,
      street: `${dice.pick(STREETS)} ${dice.int(1, 120)}`,
      seller: dice.pick(SELLERS),
      systems: within,
    }
  })
}

export const writeCompanies = (
  dice: Dice,
  sizes: Sizes,
  companies: ReadonlyArray<Company>,
): ReadonlyArray<HeldCompany> =>
  companies.flatMap((company) =>
    company.systems.map((system, at): HeldCompany => ({
      system,
      label: company.label,
      name: at === 0 ? `${company.stem} ${company.legal}` : writtenCompany(dice, company.stem, company.legal),
      // The app has checked its domains; the CRMs take what people paste.
      domain: at === 0 || system === "app" ? company.domain : writtenDomain(dice, company.domain),
      phone: at > 0 && dice.chance(0.2) ? null : writtenPhone(dice, company.phone),
      vat: dice.chance(0.4) ? null : company.vat,
      place: company.place,
      street: company.street,
      seller: at > 0 && dice.chance(0.1) ? dice.pick(SELLERS) : company.seller,
      ...moments(dice, sizes),
    })),
  )
