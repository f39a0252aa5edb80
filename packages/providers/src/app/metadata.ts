/** The app's fields are the canonical ones: its metadata is read off the canonical tables. */
import { ENTITY_TYPES, type Field, type FieldTable } from "@concordat/model/canonical/fields"
import { canonical } from "@concordat/model/canonical/types"
import type { Metadata } from "@concordat/model/metadata"

const fieldsOf = (table: FieldTable): Metadata["fields"][string] =>
  Object.fromEntries(
    Object.entries(table).map(([name, field]: readonly [string, Field]) => [
      name,
      {
        type: field.kind,
        ...(field.values === undefined ? {} : { options: field.values.map((value) => ({ value, label: value })) }),
      },
    ]),
  )

export const metadata: Metadata = {
  fields: Object.fromEntries(ENTITY_TYPES.map((type) => [type, fieldsOf(canonical[type])])),
  pipelines: [],
  owners: [],
  lookups: {},
  currency: null,
}
