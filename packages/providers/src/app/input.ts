/** Requests whose shape is not the contract's: each fault is named by its field, without what a person may have typed. */
import { AppInput, Invalid } from "@concordat/api/app/contract"
import { problemsOf } from "@concordat/api/problems"
import * as Effect from "effect/Effect"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import type * as Layer from "effect/Layer"

export const layerInput: Layer.Layer<AppInput> = HttpApiMiddleware.layerSchemaErrorTransform(AppInput, (error) => {
  if (error.kind === "Body" || error.kind === "ResponseHeaders") return Effect.fail(error)
  const problems = problemsOf(error)
  const message = problems.map(({ field, message }) => `${field === "" ? "the request" : field} ${message}`).join("; ")
  return Effect.fail(new Invalid({ message, problems }))
})
