/** Transforms over several provider fields at once: lines of an address, a span of time, a model and its id. */
import type { Json } from "@concordat/model/json"
import { instantMs, parseInstant } from "@concordat/model/values/time"
import * as Result from "effect/Result"
import { ok, problem, type TransformDefinition } from "./transform.ts"

const parts = (raw: Json): ReadonlyArray<Json> => (Array.isArray(raw) ? raw : [])

/** One text of lines here, a field per line there; lines that are too many share the last field. */
const lines: TransformDefinition = {
  option: "none",
  takes: ["text"],
  together: true,
  make: () =>
    Result.succeed({
      read: (raw) => {
        const texts = parts(raw).map((part) => (typeof part === "string" ? part.trim() : ""))
        const joined = texts.filter((text) => text !== "").join("\n")
        return ok(joined === "" ? null : joined)
      },
      write: (value) => {
        const [first = "", ...rest] = String(value)
          .split(/\s*\n\s*/)
          .filter((line) => line !== "")
        return ok([first, rest.join(", ")])
      },
    }),
}

/** Seconds from the first field to the second. */
const span: TransformDefinition = {
  option: "none",
  takes: ["datetime"],
  together: true,
  readOnly: "where it ends follows from another group",
  make: (_spec, context) =>
    Result.succeed({
      read: (raw) => {
        const [from, to] = parts(raw).map((part) =>
          typeof part === "string" || typeof part === "number" ? parseInstant(part) : null,
        )
        if (from === null || from === undefined || to === null || to === undefined) return ok(null)
        return ok((instantMs(to) - instantMs(from)) / 1000)
      },
      write: (value) => problem(context, "unmapped", value, "a span can't be written"),
    }),
}

/** The model and the id of the one record that another belongs to: `["crm.lead", 9]` is `crm.lead:9`. */
const related: TransformDefinition = {
  option: "none",
  together: true,
  single: true,
  make: (_spec, context) =>
    Result.succeed({
      read: (raw) => {
        const [model, id] = parts(raw)
        const known =
          typeof model === "string" &&
          model !== "" &&
          (typeof id === "number" ? id > 0 : typeof id === "string" && id !== "")
        return ok(known ? `${model}:${String(id)}` : null)
      },
      write: (value) => {
        const [model = "", id = ""] = String(value).split(/:(.*)/s)
        return /^\d{1,15}$/.test(id) ? ok([model, Number(id)]) : problem(context, "type", value, "is no record's id")
      },
    }),
}

export const partTransforms: Readonly<Record<string, TransformDefinition>> = { lines, span, related }
