/** One connection of the file against what its provider declares: settings, credentials, mapping. */
import type { EntityType } from "@concordat/model/canonical/fields"
import type { Definition, Setting } from "@concordat/engine/ports/Provider"
import * as Redacted from "effect/Redacted"
import { addressFault, type Fault } from "./addresses.ts"
import { codeFault } from "./codes.ts"
import type { ConnectionConfig, CreatePolicy } from "./Config.ts"
import type { Findings, Path } from "./problems.ts"
import type { KnownProvider, Readers } from "./readers.ts"
import type { ConnectionFile } from "./schema.ts"
import { type Environment, filled, secret } from "./variables.ts"

export interface Checking {
  readonly findings: Findings
  readonly environment: Environment
  readonly readers: Readers
}

const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const
const milliseconds = (duration: string): number => {
  const unit = /[a-z]+$/.exec(duration)![0] as keyof typeof MS
  return Number.parseInt(duration, 10) * MS[unit]
}

/** A peer is written to once its plan was seen; the app is ours to fill; what only tells us things gets nothing. */
const createOf = (
  definition: Definition,
  given: ConnectionFile["create"],
): Readonly<Record<EntityType, CreatePolicy>> => {
  const fallback = definition.isApp === true ? "always" : definition.class === "peer" ? "afterPlan" : "never"
  const policy = (type: EntityType): CreatePolicy => given?.[type] ?? fallback
  return { contact: policy("contact"), company: policy("company"), deal: policy("deal"), activity: policy("activity") }
}

const list = (names: ReadonlyArray<string>): string => (names.length === 0 ? "none" : names.join(", "))

/** Names that the provider does not know, and required ones that are not there. */
const checkNames = (
  { findings }: Checking,
  path: Path,
  given: ReadonlyArray<string>,
  declared: Definition["settings"],
): void => {
  for (const name of given) {
    if (!Object.hasOwn(declared, name)) {
      findings.add([...path, name], `is not known here; allowed: ${list(Object.keys(declared))}`, true)
    }
  }
  for (const [name, { required, description }] of Object.entries(declared)) {
    // One that is there, but of a wrong shape, is said to be that already.
    if (required && !given.includes(name) && !findings.document.hasIn([...path, name]))
      findings.add([...path, name], `is missing: ${description}`)
  }
}

/** What a setting's name says of its form: `…Url` is an address, `…Seconds` a number. */
const formFault = (name: string, value: string, { form, values }: Setting, isPrivateAllowed: boolean): Fault | null => {
  if (values !== undefined && !values.includes(value)) return { says: `has to be one of: ${values.join(", ")}` }
  if (form !== undefined && !form.pattern.test(value)) return { says: `has to be ${form.expected}` }
  if (/url$/i.test(name)) return addressFault(value, isPrivateAllowed)
  return name.endsWith("Seconds") && !/^\d{1,9}$/.test(value) ? { says: "has to be a whole number of seconds" } : null
}

const settingsOf = (checking: Checking, path: Path, file: ConnectionFile, definition: Definition) => {
  const given = file.settings ?? {}
  checkNames(checking, [...path, "settings"], Object.keys(given), definition.settings)
  const { environment, findings } = checking
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const at = [...path, "settings", name]
      const before = findings.problems.length
      const text = filled(findings, environment, at, String(value))
      const isSound = findings.problems.length === before && Object.hasOwn(definition.settings, name)
      const setting = isSound ? definition.settings[name] : undefined
      const isPrivateAllowed = file.allowPrivateAddresses === true
      const fault = setting === undefined ? null : formFault(name, text, setting, isPrivateAllowed)
      if (fault !== null) findings.add(at, fault.says, fault.hides)
      return [name, text]
    }),
  )
}

const credentialsOf = (checking: Checking, path: Path, file: ConnectionFile, definition: Definition) => {
  const given = file.credentials ?? {}
  checkNames(checking, [...path, "credentials"], Object.keys(given), definition.credentials)
  const { environment, findings } = checking
  return Object.fromEntries(
    Object.entries(given).map(([name, value]): readonly [string, Redacted.Redacted] => {
      const at = [...path, "credentials", name]
      const before = findings.problems.length
      const credential = secret(findings, environment, at, value)
      const form = Object.hasOwn(definition.credentials, name) ? definition.credentials[name]?.form : undefined
      if (findings.problems.length === before && form?.pattern.test(Redacted.value(credential)) === false)
        findings.add(at, `names a variable whose value has to be ${form.expected}`)
      return [name, credential]
    }),
  )
}

const mappingOf = ({ findings, readers }: Checking, path: Path, file: ConnectionFile, provider: KnownProvider) => {
  const at = [...path, "mapping"]
  const text = file.mapping === undefined ? null : readers.file(file.mapping)
  if (file.mapping !== undefined && text === null) {
    findings.add(at, "is no file that can be read, looked for beside the configuration")
    return null
  }
  const override = file.mapping === undefined || text === null ? null : { name: file.mapping, text }
  const { document, problems } = readers.mapping(provider, override)
  findings.addAll(problems)
  return document
}

/** Nothing is said where the file says nothing: each object then keeps its provider's own pace. */
const rereadOf = ({ findings }: Checking, path: Path, file: ConnectionFile, { objects, provider }: Definition) => {
  if (file.rereadEvery === undefined) return {}
  if (!Object.values(objects).some(({ rereadEveryMs }) => rereadEveryMs !== undefined))
    findings.add(
      [...path, "rereadEvery"],
      `means nothing here: all changes of ${provider} are found without; leave it out`,
    )
  return { rereadEveryMs: file.rereadEvery === "never" ? null : milliseconds(file.rereadEvery) }
}

export const checkConnection = (checking: Checking, path: Path, file: ConnectionFile): ConnectionConfig | null => {
  const { providers } = checking.readers
  const provider = Object.hasOwn(providers, file.provider) ? providers[file.provider] : undefined
  if (provider === undefined) {
    const known = Object.keys(providers).toSorted()
    checking.findings.add([...path, "provider"], `is no provider; allowed: ${known.join(", ")}`)
    return null
  }
  const { definition } = provider
  const settings = settingsOf(checking, path, file, definition)
  const credentials = credentialsOf(checking, path, file, definition)
  const currency = file.currency === undefined ? null : codeFault("currency", file.currency)
  if (currency !== null) checking.findings.add([...path, "currency"], currency)
  const reread = rereadOf(checking, path, file, definition)
  const mapping = mappingOf(checking, path, file, provider)
  if (mapping === null) return null
  return {
    name: file.name,
    provider: file.provider,
    settings,
    credentials,
    create: createOf(definition, file.create),
    mapping,
    pollEveryMs: file.pollEvery === undefined ? definition.pollEveryMs : milliseconds(file.pollEvery),
    ...reread,
    currency: file.currency ?? "",
    allowPrivateAddresses: file.allowPrivateAddresses ?? false,
  }
}
