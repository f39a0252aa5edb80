/** Error answers of the sandbox, in the forms that were recorded from HubSpot. */

export interface RowError {
  readonly status: "error"
  readonly category: string
  readonly subCategory?: string
  readonly message: string
  readonly context?: Readonly<Record<string, ReadonlyArray<string>>>
}

/** Ends the handling of a request with an error answer. */
export class Refusal extends Error {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(String(body["message"] ?? status))
    this.status = status
    this.body = body
  }
}

export const refuse = (
  status: number,
  category: string,
  message: string,
  more: Record<string, unknown> = {},
): Refusal => new Refusal(status, { status: "error", message, category, ...more })

/** https://github.com/HubSpot/hubspot-api-python/issues/466 has the body. */
export const badToken = (): Refusal =>
  refuse(
    401,
    "INVALID_AUTHENTICATION",
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
  )

/** Recorded: amp-labs/connectors providers/hubspot/test/metadata-err-schemas-scope.json. */
export const missingScope = (object: string, action: string): Refusal =>
  refuse(403, "MISSING_SCOPES", "One or more of the following scopes are required.", {
    context: { requiredGranularScopes: [`crm.objects.${object}.${action}`] },
    links: { scopes: "https://developers.hubspot.com/scopes" },
  })

/** Recorded: amp-labs/connectors providers/hubspot/test/batch/update/contacts/err-duplicate-ids.json. */
export const duplicateIds = (ids: ReadonlyArray<string>): Refusal =>
  refuse(400, "VALIDATION_ERROR", `Duplicate IDs found in batch input: [${ids.join(", ")}]. IDs must be unique`, {
    context: { ids },
  })

export interface InvalidValue {
  readonly name: string
  readonly error: string
  readonly message: string
}

/** Recorded: amp-labs/connectors providers/hubspot/test/batch/create/contacts/err-many-invalid-properties.json. */
export const invalidValues = (invalid: ReadonlyArray<InvalidValue>): Refusal =>
  refuse(
    400,
    "VALIDATION_ERROR",
    `Property values were not valid: ${JSON.stringify(
      invalid.map(({ message, error, name }) => ({ isValid: false, message, error, name })),
    )}`,
    {
      errors: invalid.map(({ message, error, name }) => ({
        message,
        code: error,
        context: { propertyName: [name] },
      })),
    },
  )

/** Recorded: providers/hubspot/test/batch/update/contacts/err-partial-success.json in amp-labs/connectors. */
export const notFoundRow = (singular: string, ids: ReadonlyArray<string>, traceId?: string): RowError => ({
  status: "error",
  category: "OBJECT_NOT_FOUND",
  message: `Could not get some ${singular.toUpperCase()} objects, they may be deleted or not exist. Check that ids are valid.`,
  context: { ids, ...(traceId === undefined ? {} : { objectWriteTraceId: [traceId] }) },
})

export const notFound = (): Refusal =>
  refuse(404, "OBJECT_NOT_FOUND", "Object not found.  objectId are usually numeric.")

const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1)

/** Both forms are recorded: with the holder's id and without (err-partial-success.json, err-conflict.json). */
export const alreadyExists = (singular: string, existing: string, named: boolean): Refusal =>
  refuse(409, "CONFLICT", `${capital(singular)} already exists${named ? `. Existing ID: ${existing}` : ""}`)

export const rowError = (refusal: Refusal, context: Record<string, ReadonlyArray<string>>): RowError => ({
  status: "error",
  category: String(refusal.body["category"] ?? "VALIDATION_ERROR"),
  message: refusal.message,
  ...("errors" in refusal.body ? { errors: refusal.body["errors"] } : {}),
  context,
})
