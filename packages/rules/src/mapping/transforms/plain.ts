/** Transforms that need nothing of the connection: times, durations, letters, lists, addresses on the web. */
import { tidyDomain } from "@concordat/model/values/contact-points"
import { countryAlpha3, countryCode, countryName } from "@concordat/model/values/country"
import { normalDecimal } from "@concordat/model/values/money"
import { datetimeText, instantMs, parseDate, parseInstant } from "@concordat/model/values/time"
import type { Json } from "@concordat/model/json"
import * as Result from "effect/Result"
import { ok, problem, total, type Context, type Transform, type TransformDefinition } from "./transform.ts"

const instant = (value: Json): string | undefined =>
  typeof value === "string" || typeof value === "number" ? (parseInstant(value) ?? undefined) : undefined

const date = (value: Json): string | undefined =>
  typeof value === "string" || typeof value === "number" ? (parseDate(value) ?? undefined) : undefined

const number = (value: Json): number | undefined => {
  if (typeof value !== "string" && typeof value !== "number") return undefined
  const decimal = normalDecimal(String(value))
  return decimal === null ? undefined : Number(decimal)
}

const made =
  (make: (context: Context) => Transform): TransformDefinition["make"] =>
  (_spec, context) =>
    Result.succeed(make(context))

/** Instants to a text or number of lesser precision. */
const time = (what: string, write: (iso: string) => Json): TransformDefinition["make"] =>
  made((context) =>
    total(context, what, instant, (value) => {
      const iso = instant(value)
      return iso === undefined ? undefined : write(iso)
    }),
  )

/** Durations: seconds here, another unit there. What reads back is whole units of `grain` seconds. */
const duration = (perSecond: number, divide: boolean): TransformDefinition["make"] =>
  made((context) =>
    total(
      context,
      "duration",
      (raw) => {
        const n = number(raw)
        // Hours with two places are no whole seconds: 0.33 h is 1188 s, and a second is as exact as anybody means it.
        return n === undefined ? undefined : divide ? Math.round(n * perSecond) : Math.round(n) / perSecond
      },
      (value) => {
        const n = number(value)
        return n === undefined ? undefined : divide ? Math.round(n) / perSecond : Math.round(n * perSecond)
      },
    ),
  )

const letters = (read: (text: string) => string, write: (text: string) => string): TransformDefinition["make"] =>
  made((context) =>
    total(
      context,
      "text",
      (raw) => (typeof raw === "string" ? read(raw) : undefined),
      (value) => (typeof value === "string" ? write(value) : undefined),
    ),
  )

const lower = (text: string): string => text.toLowerCase()
const upper = (text: string): string => text.toUpperCase()

/** `Ada Lovelace <ada@example.com>`: the address. With several of them it is not said which one is meant. */
const mailbox = (text: string): string => {
  const found = /^[^<>,;]*<\s*([^\s<>,;]+)\s*>\s*$/.exec(text)
  return found?.[1] ?? text
}

/** Reads any name or code, writes the form asked for. */
const country: TransformDefinition = {
  option: "optional",
  takes: ["text", "choice"],
  make: (spec, context) => {
    const form = spec.option ?? "name"
    const write =
      form === "name"
        ? countryName
        : form === "alpha3"
          ? countryAlpha3
          : form === "alpha2"
            ? (code: string) => code
            : undefined
    if (write === undefined) return Result.fail("country is written as one of: name, alpha2, alpha3")
    const code = (value: Json) => {
      const known = typeof value === "string" ? countryCode(value) : null
      return known === null ? problem(context, "country", value, "is no country by any name known here") : ok(known)
    }
    return Result.succeed({ read: code, write: (value) => Result.map(code(value), (known) => write(String(known))) })
  },
}

const list: TransformDefinition = {
  option: "text",
  takes: ["text", "choice"],
  make: (spec, context) => {
    const separator = String(spec.option)
    return Result.succeed(
      total(
        context,
        "list",
        (raw) =>
          typeof raw === "string"
            ? raw
                .split(separator)
                .map((one) => one.trim())
                .filter((one) => one !== "")
            : undefined,
        (value) => (Array.isArray(value) ? value.map(String).join(separator) : undefined),
      ),
    )
  },
}

export const plainTransforms: Readonly<Record<string, TransformDefinition>> = {
  iso: { option: "none", takes: ["datetime", "text"], make: time("time", (iso) => iso) },
  epoch: { option: "none", takes: ["datetime", "number", "text"], make: time("time", instantMs) },
  /** `YYYY-MM-DD HH:MM:SS` in UTC. */
  datetime: {
    option: "none",
    takes: ["datetime"],
    make: made((context) => {
      const whole = (value: Json): string | undefined => {
        const iso = instant(value)
        return iso === undefined ? undefined : `${iso.slice(0, 19)}.000Z`
      }
      return total(context, "time", whole, (value) => {
        const iso = instant(value)
        return iso === undefined ? undefined : datetimeText(iso)
      })
    }),
  },
  /** An instant here, a day there. */
  day: { option: "none", takes: ["date"], make: time("date", (iso) => iso.slice(0, 10)) },
  /** A day here, an instant there: its midnight in UTC. */
  midnight: {
    option: "none",
    takes: ["datetime", "date"],
    make: made((context) =>
      total(context, "date", date, (value) => {
        const day = date(value)
        return day === undefined ? undefined : `${day}T00:00:00.000Z`
      }),
    ),
  },
  milliseconds: { option: "none", takes: ["number", "text"], make: duration(1000, false) },
  hours: { option: "none", takes: ["number", "text"], make: duration(3600, true) },
  minutes: { option: "none", takes: ["number", "text"], make: duration(60, true) },
  /** Upper case there, lower case here; and the other way round. */
  upper: { option: "none", takes: ["text", "choice"], make: letters(lower, upper) },
  lower: { option: "none", takes: ["text", "choice"], make: letters(upper, lower) },
  /** The provider can't tell nought from nothing (Odoo's numbers). */
  zero: {
    option: "none",
    takes: ["number"],
    make: () =>
      Result.succeed({
        read: (raw) => ok(number(raw) === 0 ? null : raw),
        write: (value) => ok(value ?? 0),
        handlesNull: true,
      }),
  },
  /** A box there: ticked it says yes, and not ticked it says nothing, since every record has it. */
  ticked: {
    option: "none",
    takes: ["boolean"],
    make: made((context) => {
      const tick = (value: Json): Json | undefined => (typeof value === "boolean" ? value || null : undefined)
      return total(context, "truth value", tick, tick)
    }),
  },
  /** A domain here, an address with scheme there. */
  website: {
    option: "none",
    takes: ["text"],
    make: letters(tidyDomain, (domain) => `https://${tidyDomain(domain)}`),
  },
  /** An e-mail address here, there sometimes with a name before it. */
  mailbox: { option: "none", takes: ["text"], make: letters(mailbox, (address) => address) },
  country,
  list,
}
