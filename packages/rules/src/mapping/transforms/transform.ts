/** One step between what a provider writes and what we keep: both ways, by the connection's metadata. */
import type { Value, ValueKind } from "@concordat/model/canonical/fields"
import type { Json } from "@concordat/model/json"
import type { Metadata } from "@concordat/model/metadata"
import * as Result from "effect/Result"
import type { MappingSettings, TransformSpec } from "../document.ts"
import type { Problem, View } from "../lens.ts"
import { shown } from "../source.ts"

export type Step = Result.Result<Json, Problem>

/** What provider field types amount to; a transform says which it takes. */
export type Family = "text" | "number" | "boolean" | "date" | "datetime" | "choice" | "reference" | "list" | "other"

export interface Context {
  readonly metadata: Metadata
  readonly settings: MappingSettings
  readonly object: string
  /** The provider's field, for messages and its metadata. */
  readonly source: string
  readonly kind: ValueKind
  /** Whether rounding was declared. */
  readonly rounds: boolean
  /** What another field of the group is written as: the provider's pipeline, for a stage. */
  readonly sibling: (field: string, value: Json) => Json | undefined
}

export interface Transform {
  /** From the provider's side to ours. `view`: the slots of the group that were read before (the currency of an amount). */
  readonly read: (raw: Json, view: View) => Step
  readonly write: (value: Json, view: View) => Step
  /** Asked for null too; all others pass it on. */
  readonly handlesNull?: boolean
  /** Several raw values are one of ours: the one that stands there is remembered, so that a write does not move it. */
  readonly manyToOne?: boolean
}

export interface TransformDefinition {
  /** What may stand after its name, for messages. */
  readonly option: "none" | "optional" | "text" | "table"
  readonly takes?: ReadonlyArray<Family>
  /** Takes a list of several provider fields. */
  readonly together?: boolean
  /** Why nothing can be written through it. */
  readonly readOnly?: string
  /** A reference through it can name one record only. */
  readonly single?: boolean
  /** Fails where the metadata has not what it needs, with what is missing. */
  readonly make: (spec: TransformSpec, context: Context) => Result.Result<Transform, string>
  /** What of the provider's values has no counterpart, and the other way round. */
  readonly check?: (
    spec: TransformSpec,
    context: Context,
  ) => ReadonlyArray<{ readonly value: string; readonly message: string }>
}

export const ok = (value: Json): Step => Result.succeed(value)

export const problem = (context: Context, code: Problem["code"], value: Json | Value, message: string): Step =>
  Result.fail({ code, field: context.source, value: shown(value), message })

/** A transform from two total functions on non-empty values; undefined is a value that it can't take. */
export const total = (
  context: Context,
  what: string,
  read: (raw: Json) => Json | undefined,
  write: (value: Json) => Json | undefined,
): Transform => {
  const guard = (value: Json, made: Json | undefined): Step =>
    made === undefined ? problem(context, "type", value, `is no ${what}`) : ok(made)
  return { read: (raw) => guard(raw, read(raw)), write: (value) => guard(value, write(value)) }
}
