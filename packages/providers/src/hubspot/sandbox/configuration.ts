/** How the portal is set up: properties, pipelines, owners, and the account itself. */
import type { Answer } from "./batches.ts"
import type { Property } from "./catalog.ts"
import type { Portal, Table } from "./portal.ts"
import { notFound, refuse } from "./refusal.ts"
import type { Owner } from "./shapes.ts"

const MOST_UNIQUE = 10

const showProperty = (property: Property): Record<string, unknown> => ({
  ...property,
  description: "",
  displayOrder: -1,
  hidden: false,
  formField: !property.readOnlyValue,
  options: property.options.map((option, index) => ({ ...option, displayOrder: index, hidden: false })),
  modificationMetadata: {
    archivable: !property.hubspotDefined,
    readOnlyDefinition: property.hubspotDefined,
    readOnlyValue: property.readOnlyValue,
  },
})

export const listProperties = (table: Table): Answer => ({
  status: 200,
  body: { results: [...table.properties.values()].map(showProperty) },
})

export const getProperty = (table: Table, name: string): Answer => {
  const property = table.properties.get(name)
  if (property === undefined) throw notFound()
  return { status: 200, body: showProperty(property) }
}

/** `hasUniqueValue` can only be given at birth, and ten times an object. */
export const createProperty = (table: Table, body: Record<string, unknown>): Answer => {
  const name = body["name"]
  const groupName = body["groupName"]
  if (typeof name !== "string" || !/^[a-z][a-z0-9_]*$/.test(name))
    throw refuse(400, "VALIDATION_ERROR", "Property name is not valid")
  for (const field of ["label", "type", "fieldType"]) {
    if (typeof body[field] !== "string")
      throw refuse(400, "VALIDATION_ERROR", `Some required fields were not set: [${field}]`)
  }
  if (![...table.properties.values()].some((p) => p.groupName === groupName)) {
    throw refuse(400, "VALIDATION_ERROR", `Property group ${String(groupName)} does not exist`, {
      subCategory: "PropertyValidationError.PROPERTY_GROUP_NOT_FOUND",
    })
  }
  if (table.properties.has(name)) {
    throw refuse(409, "OBJECT_ALREADY_EXISTS", `A property named '${name}' already exists.`, {
      subCategory: "Properties.PROPERTY_EXISTS",
    })
  }
  const hasUniqueValue = body["hasUniqueValue"] === true
  if (hasUniqueValue && [...table.properties.values()].filter((p) => p.hasUniqueValue).length >= MOST_UNIQUE) {
    throw refuse(400, "VALIDATION_ERROR", `The limit of ${MOST_UNIQUE} unique properties is reached`)
  }
  const property: Property = {
    name,
    label: String(body["label"]),
    type: body["type"] as Property["type"],
    fieldType: String(body["fieldType"]),
    groupName: String(groupName),
    options: Array.isArray(body["options"])
      ? body["options"].map((o) => ({ value: String(o?.value), label: String(o?.label) }))
      : [],
    hasUniqueValue,
    calculated: false,
    externalOptions: false,
    readOnlyValue: false,
    hubspotDefined: false,
  }
  table.properties.set(name, property)
  if (hasUniqueValue) table.unique.set(name, new Map())
  return { status: 201, body: showProperty(property) }
}

export const listPipelines = (portal: Portal, table: Table): Answer => ({
  status: 200,
  body: {
    results: (portal.pipelines.get(table.kind.name) ?? []).map((pipeline) => ({
      ...pipeline,
      stages: pipeline.stages.map((stage) => ({ ...stage, writePermissions: "CRM_PERMISSIONS_ENFORCEMENT" })),
    })),
  },
})

const showOwner = (portal: Portal, owner: Owner): Record<string, unknown> => {
  const at = new Date(portal.now()).toISOString()
  const { userId, ...rest } = owner
  // An archived owner has no `userId` any more.
  return {
    ...rest,
    ...(owner.archived ? {} : { userId }),
    userIdIncludingInactive: userId,
    createdAt: at,
    updatedAt: at,
    teams: [],
  }
}

export const listOwners = (portal: Portal, query: URLSearchParams): Answer => {
  const limit = Number(query.get("limit") ?? 100)
  const archived = query.get("archived") === "true"
  const email = query.get("email")
  const found = portal.owners.filter(
    (owner) => owner.archived === archived && (email === null || owner.email === email),
  )
  const from = Number(query.get("after") ?? 0)
  return {
    status: 200,
    body: {
      results: found.slice(from, from + limit).map((owner) => showOwner(portal, owner)),
      ...(from + limit < found.length ? { paging: { next: { after: String(from + limit) } } } : {}),
    },
  }
}

/** Recorded: amp-labs/connectors providers/hubspot/test/post-auth/account-info.json. */
export const accountDetails = (portal: Portal): Answer => ({
  status: 200,
  body: {
    portalId: portal.portalId,
    accountType: "STANDARD",
    timeZone: "Europe/Berlin",
    companyCurrency: "EUR",
    additionalCurrencies: ["USD"],
    utcOffset: "+01:00",
    utcOffsetMilliseconds: 3_600_000,
    uiDomain: "app.hubspot.com",
    dataHostingLocation: "eu1",
  },
})
