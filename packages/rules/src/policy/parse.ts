/** From YAML to a policy, or to all that is wrong with it at once. */
import { ENTITY_TYPES, type EntityType } from "@concordat/model/canonical/fields"
import { groupOf, groupsOf, isCustom } from "@concordat/model/canonical/types"
import * as Result from "effect/Result"
import type { MappingProblem } from "../mapping/lens.ts"
import { Findings, parseSource, type Located } from "../mapping/source.ts"
import {
  type Deletion,
  defaultDocument,
  makePolicy,
  type Policy,
  type PolicyDocument,
  type Rule,
  RULE_NAMES,
  type RuleName,
} from "./policy.ts"

const TAGS: Readonly<Record<RuleName, Exclude<Rule["_tag"], "Strict">>> = {
  crm: "Crm",
  app: "App",
  newest: "Newest",
  manual: "Manual",
  conservative: "Conservative",
}

const DELETIONS = ["keep", "propagate"] as const satisfies ReadonlyArray<Deletion>
const MOST_HOPS = 100
const MEMBERS = ["rules", "authority", "deletions", "quarantine"]

const ruleOf = (found: Findings, at: Located, field: string, type: EntityType): Rule | undefined => {
  if (at.entries !== undefined) {
    const strict = found.members(at, field, ["strict"])?.get("strict")
    const connection = strict === undefined ? undefined : found.text(strict, `${field}.strict`)
    if (at.entries.length === 0) found.add(at, field, "needs `strict: <connection>`")
    return connection === undefined ? undefined : { _tag: "Strict", connection }
  }
  const name = RULE_NAMES.find((one) => one === at.value)
  if (name === undefined) {
    found.add(at, field, `is no rule; allowed: ${RULE_NAMES.join(", ")}, {strict: <connection>}`)
    return undefined
  }
  if (name === "conservative" && type !== "deal") {
    found.add(
      at,
      field,
      "conservative is a rule for deals; allowed here: crm, app, newest, manual, {strict: <connection>}",
    )
    return undefined
  }
  return { _tag: TAGS[name] }
}

const rulesOf = (found: Findings, at: Located, type: EntityType): Readonly<Record<string, Rule>> => {
  const path = `rules.${type}`
  if (at.entries === undefined) {
    const rule = ruleOf(found, at, path, type)
    return rule === undefined ? {} : { "*": rule }
  }
  const groups = groupsOf(type)
  const rules: Record<string, Rule> = {}
  for (const [group, value] of at.entries) {
    if (group !== "*" && !groups.includes(group) && !isCustom(group)) {
      const belongs = groupOf(type, group)
      const allowed = `allowed: *, ${groups.join(", ")}, custom.<name>`
      found.add(
        value,
        `${path}.${group}`,
        belongs === group ? `is no group of ${type}; ${allowed}` : `is decided in the group ${belongs}; ${allowed}`,
      )
      continue
    }
    const rule = ruleOf(found, value, `${path}.${group}`, type)
    if (rule !== undefined) rules[group] = rule
  }
  return rules
}

const connections = (found: Findings, at: Located | undefined): ReadonlyArray<string> => {
  if (at === undefined) return defaultDocument.authority
  if (at.items === undefined) {
    found.add(at, "authority", "has to be a list of connections, strongest first")
    return []
  }
  const names: Array<string> = []
  for (const [index, one] of at.items.entries()) {
    const name = found.text(one, `authority[${index}]`)
    if (name === undefined) continue
    if (names.includes(name)) found.add(one, `authority[${index}]`, "is listed twice")
    names.push(name)
  }
  return names
}

const hops = (found: Findings, at: Located | undefined): number => {
  const value = at === undefined ? defaultDocument.quarantineAfter : at.value
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= MOST_HOPS) return value
  if (at !== undefined) found.add(at, "quarantine.hops", `has to be a whole number from 1 to ${MOST_HOPS}`)
  return defaultDocument.quarantineAfter
}

/** The document of a policy. What it leaves open, or all of it, is as in the default; a type's own `*` replaces the default's. */
export const parsePolicyDocument = (
  text: string,
  name: string,
): Result.Result<PolicyDocument, ReadonlyArray<MappingProblem>> => {
  const { file, problems } = parseSource(text, name)
  if (problems.length > 0) return Result.fail(problems)
  const found = new Findings(file)
  // Nothing, or comments alone: everything is as in the default.
  if (file.root.value === null) return Result.succeed(defaultDocument)
  const members = found.members(file.root, "", MEMBERS, { rules: ENTITY_TYPES, quarantine: ["hops"] })
  if (members === undefined) return Result.fail(found.problems)
  const within = (member: string, allowed: ReadonlyArray<string>): ReadonlyMap<string, Located> => {
    const at = members.get(member)
    return (at === undefined ? undefined : found.members(at, member, allowed)) ?? new Map<string, Located>()
  }
  const rules = within("rules", ENTITY_TYPES)
  const deletions = within("deletions", ENTITY_TYPES)
  const quarantine = within("quarantine", ["hops"]).get("hops")
  const rulesFor = (type: EntityType) => {
    const at = rules.get(type)
    return at === undefined
      ? defaultDocument.rules[type]
      : { ...defaultDocument.rules[type], ...rulesOf(found, at, type) }
  }
  const deletionFor = (type: EntityType): Deletion => {
    const at = deletions.get(type)
    const given = at === undefined ? undefined : found.oneOf(at, `deletions.${type}`, DELETIONS)
    return given ?? defaultDocument.deletions[type]
  }
  const byType = <A>(of: (type: EntityType) => A): Record<EntityType, A> => ({
    contact: of("contact"),
    company: of("company"),
    deal: of("deal"),
    activity: of("activity"),
  })
  const document: PolicyDocument = {
    rules: byType(rulesFor),
    authority: connections(found, members.get("authority")),
    deletions: byType(deletionFor),
    quarantineAfter: hops(found, quarantine),
  }
  return found.problems.length > 0 ? Result.fail(found.problems) : Result.succeed(document)
}

/** `name` stands before the line in messages. An empty document is the default policy. */
export const parsePolicy = (text: string, name: string): Result.Result<Policy, ReadonlyArray<MappingProblem>> =>
  Result.map(parsePolicyDocument(text, name), makePolicy)
