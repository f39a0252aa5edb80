/** Pipelines and stages: by an explicit table of ids or labels, and by what the provider says of closed stages. */
import type { Pipeline } from "@concordat/model/metadata"
import type { Json } from "@concordat/model/json"
import { foldName } from "@concordat/model/values/text"
import * as Result from "effect/Result"
import type { TransformSpec } from "../document.ts"
import type { View } from "../lens.ts"
import { alternatives, standsFor, table } from "./lookups.ts"
import { ok, problem, type Context, type Step, type TransformDefinition } from "./transform.ts"

type Stage = Pipeline["stages"][number]

const names = (stage: { readonly id: string; readonly label: string }, wanted: string): boolean =>
  stage.id === wanted || foldName(stage.label) === foldName(wanted)

const pipelinesOf = (context: Context): ReadonlyArray<Pipeline> =>
  context.metadata.pipelines.filter((pipeline) => pipeline.object === context.object)

const pipeline: TransformDefinition = {
  option: "table",
  make: (spec, context) => {
    const known = pipelinesOf(context)
    const entries = table(spec.option)
    return Result.succeed({
      read: (raw) => {
        const there = known.find((one) => one.id === String(raw)) ?? { id: String(raw), label: String(raw) }
        const found = standsFor(entries, (value) => names(there, value))
        return found === undefined ? problem(context, "stage", raw, "no pipeline here stands for it") : ok(found)
      },
      write: (value) => {
        const values = entries.find(([canonical]) => canonical === value)?.[1] ?? []
        const found = known.find((one) => values.some((wanted) => names(one, wanted)))
        if (found !== undefined) return ok(found.id)
        return known.length === 0 && values[0] !== undefined
          ? ok(values[0])
          : problem(context, "stage", value, "the provider has no pipeline for it")
      },
    })
  },
  check: (spec, context) => {
    const entries = table(spec.option)
    return pipelinesOf(context)
      .filter((one) => !entries.some(([, values]) => values.some((value) => names(one, value))))
      .map((one) => ({ value: one.id, message: `the pipeline "${one.label}" has no counterpart` }))
  },
}

/** Stage tables by canonical pipeline; `*` where one serves all. */
const tables = (option: Json): ReadonlyMap<string, ReadonlyArray<readonly [string, ReadonlyArray<string>]>> => {
  const entries = typeof option === "object" && option !== null && !Array.isArray(option) ? Object.entries(option) : []
  const nested = entries.some(([, entry]) => typeof entry === "object" && entry !== null && !Array.isArray(entry))
  return nested
    ? new Map(entries.map(([key, entry]) => [key, table(entry)]))
    : new Map([
        ["*", entries.map(([key, entry]): readonly [string, ReadonlyArray<string>] => [key, alternatives(entry)])],
      ])
}

interface Stages {
  readonly ours: (raw: Json, view: View) => string | undefined
  readonly theirs: (canonical: Json, view: View) => string | undefined
}

const stages = (spec: TransformSpec, context: Context): Stages => {
  const byPipeline = tables(spec.option)
  const known = pipelinesOf(context)
  const entriesOf = (view: View) => byPipeline.get(String(view["pipeline"])) ?? byPipeline.get("*") ?? []
  return {
    ours: (raw, view) => {
      const there: Stage | undefined = known.flatMap((one) => one.stages).find((stage) => stage.id === String(raw))
      // What the provider calls won or lost is so, whatever the stage was named once.
      if (there?.closed === "won" || there?.closed === "lost") return there.closed
      const stage = there ?? { id: String(raw), label: String(raw) }
      return standsFor(entriesOf(view), (value) => names(stage, value))
    },
    theirs: (canonical, view) => {
      const values = entriesOf(view).find(([name]) => name === canonical)?.[1] ?? []
      if (known.length === 0) return values[0]
      const inside = context.sibling("pipeline", view["pipeline"] ?? null)
      const own = known.filter((one) => one.id === inside)
      const offered = (own.length === 0 ? known : own).flatMap((one) => one.stages)
      const closed = canonical === "won" || canonical === "lost" ? canonical : null
      const fitting = offered.filter((stage) => stage.closed === closed)
      for (const value of values) {
        const found = fitting.find((stage) => names(stage, value))
        if (found !== undefined) return found.id
      }
      return closed === null ? undefined : fitting[0]?.id
    },
  }
}

const stage: TransformDefinition = {
  option: "table",
  make: (spec, context) => {
    const { ours, theirs } = stages(spec, context)
    const found = (value: Json, id: string | undefined, message: string): Step =>
      id === undefined ? problem(context, "stage", value, message) : ok(id)
    return Result.succeed({
      read: (raw, view) => found(raw, ours(raw, view), "no stage here stands for it"),
      write: (value, view) => found(value, theirs(value, view), "the provider has no stage for it"),
      manyToOne: true,
    })
  },
  check: (spec, context) => {
    const named = [...tables(spec.option).values()].flat()
    const { theirs } = stages(spec, context)
    const known = pipelinesOf(context).flatMap((one) => one.stages)
    return [
      ...known
        .filter((one) => one.closed === null && !named.some(([, values]) => values.some((value) => names(one, value))))
        .map((one) => ({ value: one.id, message: `the stage "${one.label}" has no counterpart` })),
      ...[...tables(spec.option)].flatMap(([inPipeline, entries]) =>
        entries
          .filter(
            ([canonical]) =>
              known.length > 0 && theirs(canonical, inPipeline === "*" ? {} : { pipeline: inPipeline }) === undefined,
          )
          .map(([canonical]) => ({ value: canonical, message: "the provider has none of its stages" })),
      ),
    ]
  },
}

export const stageTransforms: Readonly<Record<string, TransformDefinition>> = { pipeline, stage }
