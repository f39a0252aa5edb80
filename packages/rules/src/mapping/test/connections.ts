/** Three connections as their metadata would describe them, with their default mappings compiled. */
import { readFileSync } from "node:fs"
import type { EntityType } from "@concordat/model/canonical/fields"
import { emptyMetadata, type Metadata } from "@concordat/model/metadata"
import * as Result from "effect/Result"
import { compileMapping, type CompiledMapping } from "../compile.ts"
import type { MappingDocument } from "../document.ts"
import type { References } from "../lens.ts"
import { parseMapping, showProblem } from "../parse.ts"
import { OWNERS, referencesBy } from "./generator.ts"

export const settings = { region: "DE", currency: "EUR" }

const owners = OWNERS.map((email, index) => ({ id: String(index + 7), email, name: email, active: index < 2 }))

const stage = (id: string, label: string, closed: "won" | "lost" | null = null) => ({ id, label, closed })

export const hubspot: Metadata = {
  ...emptyMetadata,
  owners,
  pipelines: [
    {
      object: "deals",
      id: "default",
      label: "Sales Pipeline",
      stages: [
        stage("appointmentscheduled", "Appointment Scheduled"),
        stage("qualifiedtobuy", "Qualified To Buy"),
        stage("presentationscheduled", "Presentation Scheduled"),
        stage("decisionmakerboughtin", "Decision Maker Bought-In"),
        stage("contractsent", "Contract Sent"),
        stage("closedwon", "Closed Won", "won"),
        stage("closedlost", "Closed Lost", "lost"),
      ],
    },
  ],
  currency: "EUR",
}

export const odoo: Metadata = {
  ...emptyMetadata,
  owners,
  pipelines: [
    {
      object: "crm.lead",
      id: "1",
      label: "Sales",
      stages: [stage("1", "New"), stage("2", "Qualified"), stage("3", "Proposition"), stage("4", "Won", "won")],
    },
  ],
  lookups: {
    countries: { "57": "DE", "233": "US", "231": "GB", "43": "CH", "113": "JP" },
    lostReasons: { "1": "Too expensive", "2": "Berg" },
    activityTypes: { "1": "email", "2": "call", "3": "meeting", "4": "task" },
  },
  currency: "EUR",
}

export const app: Metadata = emptyMetadata

export const document = (provider: string): MappingDocument => {
  const file = new URL(`../../../../providers/src/${provider}/mapping.yaml`, import.meta.url)
  const parsed = parseMapping(readFileSync(file, "utf8"), `${provider}.yaml`)
  if (Result.isFailure(parsed)) throw new Error(parsed.failure.map(showProblem).join("\n"))
  return parsed.success
}

export interface Connection {
  readonly name: string
  readonly metadata: Metadata
  readonly mapping: CompiledMapping
  readonly references: References
}

const connection = (name: string, metadata: Metadata, objects: Readonly<Record<EntityType, string>>): Connection => ({
  name,
  metadata,
  mapping: compileMapping(document(name), { metadata, settings }),
  references: referencesBy(objects),
})

export const connections: ReadonlyArray<Connection> = [
  connection("hubspot", hubspot, { contact: "contacts", company: "companies", deal: "deals", activity: "calls" }),
  connection("odoo", odoo, {
    contact: "res.partner",
    company: "res.partner",
    deal: "crm.lead",
    activity: "mail.activity",
  }),
  connection("app", app, { contact: "contact", company: "company", deal: "deal", activity: "activity" }),
]
