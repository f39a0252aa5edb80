/** Codes of countries and currencies: one that is none would be taken without a word, and no value would be read by it. */
import { parseValue } from "@concordat/model/values/parse"
import * as Result from "effect/Result"

/** To be read after the field's name; null: nothing is wrong with it. `UK` is known and written otherwise. */
export const codeFault = (kind: "country" | "currency", code: string): string | null => {
  const read = parseValue(kind, code)
  if (Result.isFailure(read))
    return kind === "country" ? "is no country of ISO 3166-1, such as DE" : "is no currency of ISO 4217, such as EUR"
  return read.success === code ? null : `is written ${String(read.success)}`
}
