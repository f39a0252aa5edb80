/** A decimal amount there, integer minor units here: by the exponent of the currency that stands beside it. */
import type { Json } from "@concordat/model/json"
import { currencyExponent, decimalFromMinor, minorFromDecimal, roundDecimal } from "@concordat/model/values/money"
import * as Result from "effect/Result"
import type { View } from "../lens.ts"
import { ok, problem, type Context, type Step, type TransformDefinition } from "./transform.ts"

/** The exponent of the view's currency; without a currency an amount means nothing. */
const scaled = (context: Context, value: Json, view: View, scale: (exponent: number) => Step): Step => {
  const currency = view["currency"]
  const exponent = typeof currency === "string" ? currencyExponent(currency) : null
  return exponent === null
    ? problem(context, "currency", value, "an amount without a currency, and the connection has no home currency")
    : scale(exponent)
}

const minor: TransformDefinition = {
  option: "none",
  takes: ["number", "text"],
  make: (_spec, context) =>
    Result.succeed({
      read: (raw, view) =>
        scaled(context, raw, view, (exponent) => {
          const text = typeof raw === "string" || typeof raw === "number" ? String(raw) : ""
          const exact = context.rounds ? (roundDecimal(text, exponent) ?? text) : text
          const amount = minorFromDecimal(exact, exponent)
          return amount === null
            ? problem(context, "type", raw, `is no amount with at most ${exponent} decimals`)
            : ok(amount)
        }),
      write: (value, view) =>
        scaled(context, value, view, (exponent) =>
          typeof value === "number" && Number.isSafeInteger(value)
            ? ok(decimalFromMinor(value, exponent))
            : problem(context, "type", value, "is no amount in minor units"),
        ),
    }),
}

export const moneyTransforms: Readonly<Record<string, TransformDefinition>> = { minor }
