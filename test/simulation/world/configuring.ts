/** Its operators change the tenant's configuration, and start again what has to read it. */
import type { ConnectionConfig, TenantConfig } from "@concordat/all-in-one/config/Config"
import { readRules } from "@concordat/all-in-one/config/documents"
import { sameJson } from "@concordat/model/json"
import * as streams from "@concordat/model/streams"
import { defaultDocument } from "@concordat/rules/policy/policy"
import type { Deployment } from "../deployment.ts"
import type { History } from "../oracle/history.ts"
import { BY_DEFAULT, type Rules } from "../oracle/rulings.ts"
import type { Remapped, SideName } from "../script.ts"
import type { Log } from "../store/log.ts"
import { mappingOf } from "./configuration.ts"
import type { Side } from "./side.ts"
import { type FieldRule, type Kind, KINDS, type Rule, RULES, strictFor, TYPES } from "./things.ts"

export interface Configured {
  readonly tenant: { -readonly [K in keyof TenantConfig]: TenantConfig[K] }
  readonly connections: ReadonlyArray<{ -readonly [K in keyof ConnectionConfig]: ConnectionConfig[K] }>
  readonly sides: ReadonlyMap<SideName, Side>
  /** What a record is of, by side, kind and id. */
  readonly keys: ReadonlyMap<string, string>
  readonly deployment: () => Deployment
  readonly history: History
  readonly onStep: (what: string) => void
}

export type ChosenRules = Partial<Readonly<Record<Kind, Rule>>>

/** As the tenant's rules file says it. */
const nameOf = (rule: Rule): string => {
  const strict = strictFor(rule)
  return strict === null ? (rule === "asked" ? "manual" : rule) : `{ strict: ${strict} }`
}

/** What is as by default is not in it. */
const documentOf = ({ authority, fields, kinds }: Rules): TenantConfig["rules"] => {
  const lines = KINDS.flatMap((kind) => {
    const own = fields.filter(({ of }) => of === kind).map(({ group, rule }) => `${group}: ${nameOf(rule)}`)
    const all = kinds[kind] === RULES[kind] ? [] : [`"*": ${nameOf(kinds[kind])}`]
    return own.length + all.length === 0 ? [] : [`  ${TYPES[kind]}: { ${[...all, ...own].join(", ")} }`]
  })
  const text = [
    ...(lines.length === 0 ? [] : ["rules:", ...lines]),
    ...(authority.length === 0 ? [] : [`authority: [${authority.join(", ")}]`]),
  ].join("\n")
  if (text === "") return null
  const { document, problems } = readRules({ name: "rules.yaml", text: `${text}\n` })
  if (document === null) throw new Error(JSON.stringify(problems))
  return document
}

export class Configuring {
  readonly #configured: Configured
  #rules: Rules

  /** `begins`: what differs from the default at the beginning. */
  constructor(configured: Configured, begins: Pick<Rules, "fields" | "authority">) {
    this.#configured = configured
    this.#rules = { ...BY_DEFAULT, ...begins }
    configured.tenant.rules = documentOf(this.#rules)
    configured.history.rulings.begin(this.#rules)
  }

  /** Of the kinds: what is not named is as it is by default. */
  rules(chosen: ChosenRules): void {
    this.#choose({ ...this.#rules, kinds: { ...RULES, ...chosen } })
  }

  /** Fields that have a rule of their own, and no others. */
  fields(chosen: ReadonlyArray<FieldRule>): void {
    this.#choose({ ...this.#rules, fields: chosen })
  }

  /** As by default: there is no rules file any more. */
  #choose(rules: Rules): void {
    const { deployment, history, onStep, tenant } = this.#configured
    this.#rules = rules
    tenant.rules = documentOf(rules)
    onStep(`the rules are others: ${JSON.stringify(tenant.rules)}`)
    history.ruled(rules)
    deployment().restart(tenant.name)
  }

  /** Of a system that is there: its connection gets another mapping file. */
  map({ group, of, side: name, way }: Remapped): void {
    const { connections, deployment, history, keys, onStep, sides, tenant } = this.#configured
    const side = sides.get(name)
    const connection = connections.find((one) => one.name === name)
    if (side === undefined || connection === undefined) return
    onStep(`${name} is mapped otherwise: ${group} of a ${of} ${way}`)
    connection.mapping = mappingOf(name, [{ of, group, way }])
    // Those that are gone from there are shown again, too, when they are taken back.
    const prefix = `${name}|`
    const records = [...keys]
      .filter(([record]) => record.startsWith(`${prefix}${of}:`))
      .map(([record, key]) => ({ id: record.slice(prefix.length), thing: history.canonical(key) }))
    history.remapped(side, of, group, way, records)
    deployment().restart(tenant.name)
  }

  /** The journal has more in those streams. */
  appended(log: Log, appended: ReadonlyArray<string>): void {
    const { history, tenant } = this.#configured
    const stream = streams.connection(tenant.name, "")
    if (!appended.includes(stream)) return
    const [last] = log.read(stream, "end", "backward", 1)
    const { document } = JSON.parse(last?.data ?? "{}") as { readonly document?: unknown }
    if (sameJson(document, tenant.rules ?? defaultDocument)) history.rulesRecorded()
  }
}
