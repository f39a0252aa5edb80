/** The configuration from its file: what it names beside itself is read too, and paths become absolute. */
import type { Provider } from "@concordat/engine/ports/Provider"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs"
import { basename, dirname, resolve } from "node:path"
import type { Config } from "./Config.ts"
import { readMapping, readRules } from "./documents.ts"
import { readConfig } from "./read.ts"
import type { Environment } from "./variables.ts"

export class ConfigUnreadable extends Schema.TaggedError<ConfigUnreadable>()("ConfigUnreadable", {
  path: Schema.String,
  detail: Schema.String,
}) {
  override get message(): string {
    return `the configuration ${this.path} can't be read: ${this.detail}`
  }
}

const textOf = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    // Whatever the reason, the finding names the file and the line that asks for it.
    return null
  }
}

const canWrite = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** The store is opened later; what would make that fail for sure is said with everything else. */
const storeFault = (path: string): string | null => {
  const folder = dirname(path)
  if (!existsSync(folder)) return `is to be in a folder that does not exist: make it first, mkdir -p ${folder}`
  if (existsSync(path)) {
    if (statSync(path).isDirectory()) return "is a folder: name a file in it"
    if (!canWrite(path)) return "can't be written by this user"
  }
  return canWrite(folder) ? null : `is in a folder that this user can't write to: ${folder}`
}

/** Fails with `ConfigUnreadable`, or with `ConfigInvalid`, which holds every fault at once. */
export const loadConfig = Effect.fnUntraced(function* (
  path: string,
  environment: Environment,
  providers: Readonly<Record<string, Provider>>,
) {
  const text = yield* Effect.try({
    try: () => readFileSync(path, "utf8"),
    catch: (error) => new ConfigUnreadable({ path, detail: error instanceof Error ? error.message : String(error) }),
  })
  const beside = dirname(resolve(path))
  const config = yield* Effect.fromResult(
    readConfig({ name: basename(path), text }, environment, {
      providers,
      mapping: readMapping,
      rules: readRules,
      store: (path) => (path === ":memory:" ? null : storeFault(resolve(beside, path))),
      file: (name) => textOf(resolve(beside, name)),
    }),
  )
  const store = config.store === ":memory:" ? config.store : resolve(beside, config.store)
  return { ...config, store } satisfies Config
})
