/** The shape of `concordat.yaml`. What it means (providers, files, variables) is looked at afterwards. */
import { ENTITY_TYPES } from "@concordat/model/canonical/fields"
import { NAME } from "@concordat/model/streams"
import * as Schema from "effect/Schema"
import { CREATE_POLICIES } from "./Config.ts"

const Name = Schema.String.check(
  Schema.isPattern(NAME, { expected: "a name of a-z, 0-9 and _, at most 63 characters, that begins with no _" }),
)
const Text = Schema.String.check(Schema.isNonEmpty({ expected: "some text" }))
const Port = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 }))
const Duration = Schema.String.check(
  Schema.isPattern(/^[1-9]\d{0,8}(ms|s|m|h)$/, { expected: 'a duration such as "30s" or "5m"' }),
)
const DurationOrNever = Schema.String.check(
  Schema.isPattern(/^([1-9]\d{0,8}(ms|s|m|h)|never)$/, { expected: 'a duration such as "30m" or "6h", or "never"' }),
)
const Region = Schema.String.check(
  Schema.isPattern(/^[A-Z]{2}$/, { expected: "a country's code of two capital letters such as DE" }),
)
const Currency = Schema.String.check(
  Schema.isPattern(/^[A-Z]{3}$/, { expected: "a currency's code of three capital letters such as EUR" }),
)
/** Settings are text to a connector; numbers and booleans may be written without quotes. */
const Setting = Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])

const Create = Schema.Struct({
  contact: Schema.optionalKey(Schema.Literals(CREATE_POLICIES)),
  company: Schema.optionalKey(Schema.Literals(CREATE_POLICIES)),
  deal: Schema.optionalKey(Schema.Literals(CREATE_POLICIES)),
  activity: Schema.optionalKey(Schema.Literals(CREATE_POLICIES)),
})

export const ConnectionPart = Schema.Struct({
  name: Name,
  provider: Text,
  settings: Schema.optionalKey(Schema.Record(Schema.String, Setting)),
  credentials: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  create: Schema.optionalKey(Create),
  mapping: Schema.optionalKey(Text),
  pollEvery: Schema.optionalKey(Duration),
  rereadEvery: Schema.optionalKey(DurationOrNever),
  currency: Schema.optionalKey(Currency),
  allowPrivateAddresses: Schema.optionalKey(Schema.Boolean),
})

const Tenant = Schema.Struct({
  name: Name,
  region: Schema.optionalKey(Region),
  rules: Schema.optionalKey(
    Schema.Union([Text, Schema.Record(Schema.String, Schema.Unknown)]).annotate({
      expected: "the name of a file, or a map of rules, authority, deletions, quarantine",
    }),
  ),
  connections: Schema.Array(ConnectionPart),
})

export const HttpPart = Schema.Struct({
  host: Schema.optionalKey(Text),
  port: Schema.optionalKey(Port),
  token: Schema.String,
  publicUrl: Schema.optionalKey(Text),
})

export const ConfigFile = Schema.Struct({
  store: Schema.optionalKey(Text),
  key: Schema.optionalKey(Schema.String),
  http: HttpPart,
  tenants: Schema.Array(Tenant),
})
export type ConfigFile = typeof ConfigFile.Type
export type ConnectionFile = typeof ConnectionPart.Type

/** Which members there are where, for the message about one that isn't: `*` stands for any index. */
export const MEMBERS: Readonly<Record<string, ReadonlyArray<string>>> = {
  "": Object.keys(ConfigFile.fields),
  http: Object.keys(HttpPart.fields),
  "tenants.*": Object.keys(Tenant.fields),
  "tenants.*.connections.*": Object.keys(ConnectionPart.fields),
  "tenants.*.connections.*.create": ENTITY_TYPES,
}
