/** What is told of a number without the parser is what the parser tells, for every calling code there is. */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import examples from "libphonenumber-js/examples.mobile.json"
import {
  getCountries,
  getCountryCallingCode,
  getExampleNumber,
  parsePhoneNumberFromString,
} from "libphonenumber-js/min"
import { internationalPhone } from "./international-phone.ts"

const parsed = (text: string): string | null => {
  const number = parsePhoneNumberFromString(text)
  return number?.isPossible() === true && number.ext === undefined ? number.number : null
}

const agrees = (text: string): boolean => {
  const told = internationalPhone(text)
  return told === null || told === parsed(text)
}

const codes = [...new Set(getCountries().map((country) => getCountryCallingCode(country)))]
const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 14 })
const blank = fc.constantFrom("", " ", "-", ".", "/", " (", ") ", "  ")

describe("an international number", () => {
  it("is told as the parser tells it, whatever its code, its digits and how it is written", () => {
    const written = fc.tuple(
      fc.constantFrom(...codes, "800", "881", "999", "0", "21"),
      fc.array(fc.tuple(blank, digits)),
    )
    fc.assert(
      fc.property(written, ([code, parts]) =>
        agrees(`+${code}${parts.map(([before, some]) => before + some).join("")}`),
      ),
      { numRuns: 20_000 },
    )
  })
  it("of any country is told without the parser, but for those that it changes", () => {
    const untold: Array<string> = []
    for (const country of getCountries()) {
      const example = getExampleNumber(country, examples)!
      const text = example.formatInternational()
      const told = internationalPhone(text)
      assert.isTrue(agrees(text), text)
      if (told === null) untold.push(country)
    }
    // The first begins as what the parser looks for there; the others share a code with countries of other lengths.
    assert.deepStrictEqual(untold, ["AR", "CW", "SH"])
  })
  it("is left to the parser where it has a national prefix, an extension or another script's digits", () => {
    for (const text of [
      "+49 (0)30 1234567",
      "+49 30 1234567 ext. 5",
      "+49 30 123４567",
      "030 1234567",
      "+49",
      "+0 30 1",
    ])
      assert.isNull(internationalPhone(text), text)
    assert.strictEqual(internationalPhone("+49 30 1234567"), "+49301234567")
    assert.strictEqual(internationalPhone("+1 (213) 373-4253"), "+12133734253")
  })
})
