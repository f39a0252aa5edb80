/** Values of every kind: what is kept, what is the same, what is refused. */
import type { Value, ValueKind } from "../canonical/fields.ts"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from "libphonenumber-js/min"
import {
  emailDomain,
  isEmail,
  isHosted,
  isRoleMailbox,
  normalPhone,
  normalUrl,
  registrableDomain,
  tidyDomain,
  tidyPhone,
} from "./contact-points.ts"
import { countryAlpha3, countryCode, countryName } from "./country.ts"
import { normal, same } from "./equivalence.ts"
import { memoised } from "./memo.ts"
import { currencyExponent, decimalFromMinor, minorFromDecimal, normalDecimal, roundDecimal } from "./money.ts"
import { parseValue } from "./parse.ts"
import { foldName, htmlText } from "./text.ts"
import { datetimeText, parseDate, parseInstant } from "./time.ts"

const region = "DE"

describe("the same", () => {
  const alike: ReadonlyArray<readonly [ValueKind, Value, Value]> = [
    ["text", " Zoe\u0308 ", "Zo\u00eb"],
    ["text", null, ""],
    ["text", null, "  "],
    ["html", "<p>a&nbsp;<b>b</b>c</p>", "a bc"],
    ["html", "<div></div>", null],
    ["html", "a<br>b", "<p>a</p><p>b</p>"],
    ["email", "Ada@Acme.TEST", " ada@acme.test"],
    ["owner", "Ada@acme.test", "ada@acme.test"],
    ["phone", "030 123456", "+49 30 123456"],
    ["phone", "(0)30/12 34 56", "0049 30 123456"],
    ["phone", "12-34", "1234"],
    ["domain", "https://www.Acme.test/kontakt?x=1", "acme.test"],
    ["domain", "müller.de", "xn--mller-kva.de"],
    ["url", "HTTPS://Acme.test/", "https://acme.test"],
    ["url", "https://acme.test//", "https://acme.test"],
    ["url", "A: /", "a:"],
    ["country", "Deutschland", "DEU"],
    ["currency", "eur", "EUR"],
    ["decimal", "1.50", "1.5"],
    ["minor", 100, 100],
    ["instant", "2026-11-20T10:00:00+01:00", "2026-11-20 09:00:00"],
    ["instant", "1795168481643", "2026-11-20T09:54:41.643Z"],
    ["date", "2026-11-20", "2026-11-20T23:59:59Z"],
    ["set", ["b", "a", "a"], ["a", "b"]],
    ["set", [], null],
    ["refs", ["2", "1"], ["1", "2"]],
  ]
  it.each(alike)("%s: %j and %j", (kind, a, b) => {
    expect(same(kind, a, b, { region })).toBe(true)
    expect(same(kind, b, a, { region })).toBe(true)
    expect(normal(kind, a, { region })).toEqual(normal(kind, b, { region }))
  })

  const different: ReadonlyArray<readonly [ValueKind, Value, Value]> = [
    ["text", "a  b", "a b"],
    ["text", "a", "A"],
    ["html", "<b>a</b>", "<b>b</b>"],
    ["phone", "030 123456 ext. 1", "030 123456"],
    ["domain", "shop.acme.test", "acme.test"],
    ["url", "https://a.test/X", "https://a.test/x"],
    ["instant", "2026-11-20T10:00:00.001Z", "2026-11-20T10:00:00Z"],
    ["boolean", false, null],
    ["minor", 0, null],
    ["set", ["a"], ["a", "b"]],
    ["email", null, "a@b.test"],
  ]
  it.each(different)("not %s: %j and %j", (kind, a, b) => {
    expect(same(kind, a, b, { region })).toBe(false)
    expect(same(kind, b, a, { region })).toBe(false)
  })

  const KINDS: ReadonlyArray<ValueKind> = [
    "text",
    "html",
    "email",
    "phone",
    "domain",
    "url",
    "country",
    "decimal",
    "instant",
    "date",
  ]
  it.prop(
    "is an equivalence, and a normal form is its own normal form",
    [Schema.String, Schema.String],
    ([a, b]) => {
      for (const kind of KINDS) {
        const once = normal(kind, a, { region })
        expect(same(kind, a, a, { region })).toBe(true)
        expect(same(kind, a, b, { region })).toBe(same(kind, b, a, { region }))
        // The text that a reader sees may itself look like a tag, and a number's extension is no part of a number.
        if (kind !== "html" && kind !== "phone" && typeof once === "string")
          expect(normal(kind, once, { region }), kind).toBe(once)
      }
    },
    { arbitrary: { runs: 300 } },
  )
})

describe("what is kept", () => {
  const kept: ReadonlyArray<readonly [ValueKind, string | number | boolean | null, Value]> = [
    ["text", "  Ada ", "Ada"],
    ["text", 42, "42"],
    ["email", "Ada@Acme.test", "ada@acme.test"],
    ["phone", "030 123456", "+4930123456"],
    ["phone", "after five", "after five"],
    ["country", "Schweiz", "CH"],
    ["currency", "usd", "USD"],
    ["seconds", "1.5", 1.5],
    ["boolean", "true", true],
    ["instant", "2026-11-20", "2026-11-20T00:00:00.000Z"],
    ["date", 1795168481643, "2026-11-20"],
    ["text", "", null],
  ]
  it.each(kept)("%s %j is %j", (kind, raw, value) => {
    expect(Result.getOrThrow(parseValue(kind, raw, { region }))).toEqual(value)
  })

  it("of a list is each member once", () => {
    expect(Result.getOrThrow(parseValue("set", ["A@b.test", "a@b.test ", ""], { region, of: "email" }))).toEqual([
      "a@b.test",
    ])
  })

  const refused: ReadonlyArray<readonly [ValueKind, string | number | boolean]> = [
    ["country", "Atlantis"],
    ["currency", "XXY"],
    ["minor", "1.5"],
    ["integer", "many"],
    ["instant", "soon"],
    ["date", "2026-02-30"],
    ["boolean", "perhaps"],
    ["text", true],
  ]
  it.each(refused)("%s %j is refused", (kind, raw) => {
    expect(Result.isFailure(parseValue(kind, raw, { region }))).toBe(true)
  })

  const strings: ReadonlyArray<ValueKind> = ["text", "email", "phone", "domain", "url", "html", "owner"]
  it.prop(
    "is kept again as it is, and is the same as what was given",
    [Schema.String],
    ([raw]) => {
      for (const kind of strings) {
        const once = Result.getOrThrow(parseValue(kind, raw, { region }))
        const again = Result.getOrThrow(parseValue(kind, once as string | null, { region }))
        expect(same(kind, again, once, { region }), `${kind} ${JSON.stringify(raw)}`).toBe(true)
        expect(same(kind, once, raw, { region }), `${kind} ${JSON.stringify(raw)}`).toBe(true)
      }
    },
    { arbitrary: { runs: 300 } },
  )
})

describe("money", () => {
  it("is scaled by the currency's exponent, exactly", () => {
    expect(["EUR", "JPY", "KWD", "XAU", "ABC"].map(currencyExponent)).toEqual([2, 0, 3, 0, null])
    expect(minorFromDecimal("0.1", 2)).toBe(10)
    expect(minorFromDecimal("90071992547409.91", 2)).toBe(9_007_199_254_740_991)
    expect(minorFromDecimal("90071992547409.92", 2)).toBeNull()
    expect(minorFromDecimal("1.005", 2)).toBeNull()
    expect(minorFromDecimal("-0", 2)).toBe(0)
    expect(minorFromDecimal("1e3", 2)).toBe(100_000)
    expect(minorFromDecimal("1,5", 2)).toBeNull()
    expect(decimalFromMinor(-5, 2)).toBe("-0.05")
    expect(decimalFromMinor(5, 0)).toBe("5")
  })

  it("is rounded half away from zero", () => {
    expect(["1.005", "-1.005", "1.004", "2"].map((value) => roundDecimal(value, 2))).toEqual([
      "1.01",
      "-1.01",
      "1",
      "2",
    ])
    expect(normalDecimal("-0.00")).toBe("0")
  })

  const minor = Arbitrary.schema(Schema.Int)
  it.prop(
    "goes to decimals and back",
    [minor],
    ([amount]) => {
      for (const exponent of [0, 2, 3])
        expect(minorFromDecimal(decimalFromMinor(amount, exponent), exponent)).toBe(amount === 0 ? 0 : amount)
    },
    { arbitrary: { runs: 300 } },
  )
})

describe("names, addresses and times", () => {
  it("folds names for comparison", () => {
    expect(foldName("Müller-Lüdenscheidt, Jr.")).toBe(foldName("MUELLER LUEDENSCHEIDT JR"))
    expect(["O'Brien", "Łukasz", "José", "Đorđe", "田中", "  "].map(foldName)).toEqual([
      "obrien",
      "lukasz",
      "jose",
      "dorde",
      "田中",
      "",
    ])
  })

  it("reads HTML as a person does", () => {
    expect(htmlText("<style>p{}</style><p>1 &lt; 2 &#x26; 3&#8230;</p><!-- x --><script>alert(1)</script>")).toBe(
      "1 < 2 & 3…",
    )
    expect(htmlText("a &unknown; b")).toBe("a &unknown; b")
    expect(htmlText("3 < 4 > 2")).toBe("3 < 4 > 2")
  })

  it("knows mailboxes that more than one person reads", () => {
    expect(
      ["info@a.test", "Sales+x@a.test", "office.berlin@a.test", "support2@a.test", "kontakt@a.test"].every(
        isRoleMailbox,
      ),
    ).toBe(true)
    expect(["ada@a.test", "martin.sales@a.test", "informatik.ada@a.test"].some(isRoleMailbox)).toBe(false)
    expect([isEmail("a@b.test"), isEmail("a@b"), isEmail("a b@c.test")]).toEqual([true, false, false])
    expect(emailDomain("Ada@Acme.test")).toBe("acme.test")
  })

  it("knows whose a domain is", () => {
    expect(registrableDomain("https://shop.acme.co.uk/x")).toBe("acme.co.uk")
    expect(registrableDomain("192.168.0.1")).toBeNull()
    expect([isHosted("acme.github.io"), isHosted("acme.com")]).toEqual([true, false])
    expect([tidyDomain("www.de"), tidyDomain("Acme"), tidyDomain("www.acme.de.")]).toEqual([
      "www.de",
      "acme",
      "acme.de",
    ])
  })

  it("keeps an extension, which E.164 has no place for", () => {
    expect(tidyPhone("+49 30 123456 ext. 7", region)).toBe("+49 30 123456 ext. 7")
    expect(normalPhone("+49 30 123456 ext. 7", region)).toBe("+4930123456;ext=7")
    expect(normalPhone(tidyPhone("0049 30 123456", region), region)).toBe("+4930123456")
    expect(tidyPhone("030 123456", "")).toBe("030 123456")
  })

  it("reads a number that names its country alike in every region, as its parser does", () => {
    const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 3, maxLength: 14 })
    const form = fc.constantFrom("", " (0) ", " ", "-", "/")
    fc.assert(
      fc.property(
        fc.constantFrom(...getCountries()),
        fc.constantFrom(...getCountries()),
        form,
        digits,
        (of, asked, seam, rest) => {
          const text = `+${getCountryCallingCode(of)}${seam}${rest}`
          const parsed = parsePhoneNumberFromString(text, asked)
          if (parsed?.isPossible() === true) expect(normalPhone(text, asked)).toBe(parsed.number)
          expect([tidyPhone(text, asked), normalPhone(text, asked)]).toEqual([
            tidyPhone(text, ""),
            normalPhone(text, ""),
          ])
        },
      ),
    )
  })

  it("knows countries by many names", () => {
    expect(
      ["Deutschland", "Allemagne", "DEU", "de", "USA", "UK", "Türkei", "Côte d'Ivoire", "Schweiz", "Atlantis"].map(
        countryCode,
      ),
    ).toEqual(["DE", "DE", "DE", "DE", "US", "GB", "TR", "CI", "CH", null])
    expect([countryName("DE"), countryAlpha3("DE")]).toEqual(["Germany", "DEU"])
  })

  it("reads times in the forms that providers write", () => {
    expect(parseInstant("2026-11-20 09:54:41.643447")).toBe("2026-11-20T09:54:41.643Z")
    expect(parseInstant("2026-11-20T09:54:41+0530")).toBe("2026-11-20T04:24:41.000Z")
    expect(["2026-02-30", "2026-13-01", "2026-01-01T25:00:00Z", "", "x"].map(parseInstant)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ])
    expect(parseDate("2026-11-20T23:30:00-05:00")).toBe("2026-11-21")
    expect(datetimeText("2026-11-20T09:54:41.643Z")).toBe("2026-11-20 09:54:41")
  })
})

describe("memory", () => {
  it("asks once for what is asked often, and keeps to its bound", () => {
    const asked: Array<string> = []
    const one = memoised(2, (key) => {
      asked.push(key)
      return key.length
    })
    for (const key of ["a", "a", "b", "c", "a", "d", "a", "e", "a", "b"]) one(key)
    expect(asked).toEqual(["a", "b", "c", "d", "e", "b"])
  })
})

describe("what somebody may write to hold everybody up", () => {
  const MANY = 100_000
  /** Looked for an end from each place anew, each of these took more than a minute; it takes some milliseconds. */
  const LONG = { timeout: 30_000 }
  it.each(["<!--", "<a x='", "<script>", "<style", "<p", "<title></head>"])(
    "is read in a time that grows with it: %s",
    LONG,
    (part) => {
      const text = part.repeat(MANY / part.length)
      expect(htmlText(text).length).toBeLessThanOrEqual(text.length)
      expect(htmlText(`${text}<b>`).length).toBeLessThanOrEqual(text.length + 3)
      expect(htmlText(`<b>${text}-->`).length).toBeLessThanOrEqual(text.length + 6)
      expect(normalUrl(`https://x.example/${"/".repeat(MANY)}x`)).toMatch(/\/x$/)
      expect(isRoleMailbox(`${"1".repeat(MANY)}x1@x.example`)).toBe(false)
    },
  )

  it("reads the same as before", () => {
    expect(htmlText("a<!-->b")).toBe("a<!-->b")
    expect(htmlText("a<!---->b<!-- c")).toBe("ab<!-- c")
    expect(htmlText("<style <script>x</script>y")).toBe("<style y")
    expect(htmlText("<TITLE>x</title >y<head>z")).toBe("y z")
    expect(htmlText("<p<p<b>x")).toBe("<p<px")
    expect(htmlText("1 <a b")).toBe("1 <a b")
    expect(normalUrl("https://x.example/a/ / ")).toBe("https://x.example/a/%20")
  })
})
