/** What the configuration needs to know of providers, and how the documents that it names are read. */
import type { Definition } from "@concordat/engine/ports/Provider"
import type { JsonObject } from "@concordat/model/json"
import type { ConfigProblem } from "./problems.ts"

export interface KnownProvider {
  readonly definition: Definition
  /** The default mapping, as YAML text. */
  readonly mapping: string
}

export type Read =
  | { readonly document: JsonObject; readonly problems: ReadonlyArray<ConfigProblem> }
  | { readonly document: null; readonly problems: ReadonlyArray<ConfigProblem> }

export interface TextFile {
  /** As it is called in messages. */
  readonly name: string
  readonly text: string
}

export interface Readers {
  readonly providers: Readonly<Record<string, KnownProvider>>
  /** The provider's default mapping with the override merged into it. */
  readonly mapping: (provider: KnownProvider, override: TextFile | null) => Read
  readonly rules: (file: TextFile) => Read
  /** What is wrong with the place of a store, to be read after its name; null: nothing. */
  readonly store: (path: string) => string | null
  /** A file beside the configuration; null where there is none that can be read. */
  readonly file: (path: string) => string | null
}
