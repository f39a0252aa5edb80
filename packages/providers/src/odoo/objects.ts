/** What is taken from an Odoo database: its models, the rows of each that count, and what hangs on them. */
import type { Json } from "@concordat/model/json"
import type { Columns } from "./catalog.ts"

export type Domain = ReadonlyArray<Json>

export interface OdooObject {
  /** Rows that belong to the object at all, by the columns that the version and its modules have. */
  readonly scope: (columns: Columns) => Domain
  /** Rows that are there, as against archived ones, by the columns that the version has; needs `active_test: false`. */
  readonly live: (columns: Columns) => Domain
  /** The server takes `limit` rows and then leaves out those whose record the user may not see: a short page is no last page. */
  readonly shortPages: boolean
  /** Columns that a reading needs whatever the mapping asks for. */
  readonly always: ReadonlyArray<string>
  /** Emptied by a create that does not name them: a default would make the caller's own user the owner. */
  readonly blank: ReadonlyArray<string>
  /** Columns of the address of a related record, where it is no many2one: model and id. */
  readonly record: readonly [model: string, id: string] | null
}

const notArchived = (columns: Columns): Domain => (columns.has("active") ? [["active", "=", true]] : [])

/** Records that activities and messages hang on. */
const RELATED = ["res.partner", "crm.lead"]

export const objects: Readonly<Record<string, OdooObject>> = {
  // Persons and companies, and the invoice and delivery addresses below them: `is_company` and `type` tell which.
  "res.partner": {
    scope: () => [],
    live: notArchived,
    always: ["active", "state_id"],
    blank: [],
    shortPages: false,
    record: null,
  },
  // A lost lead is archived with probability 0; any other archived one is only archived.
  "crm.lead": {
    scope: () => [],
    live: (columns) => [
      "|",
      ["active", "=", true],
      columns.has("won_status") ? ["won_status", "=", "lost"] : ["probability", "=", 0],
    ],
    always: ["active", "probability", "stage_id", "won_status"],
    blank: ["user_id"],
    shortPages: false,
    record: null,
  },
  // Open ones. A done one is deleted (17) or archived (19), and lives on as a message.
  "mail.activity": {
    // A meeting that stands in the calendar has an activity beside it: the calendar's entry is the one that says when.
    scope: (columns) => [
      ["res_model", "in", RELATED],
      ...(columns.has("calendar_event_id") ? [["calendar_event_id", "=", false]] : []),
    ],
    live: notArchived,
    always: ["active", "res_model", "res_id", "activity_type_id", "write_date"],
    // 17 and 18 want an owner, and take the caller: `owners.ts`.
    blank: ["user_id"],
    shortPages: true,
    record: ["res_model", "res_id"],
  },
  // Notes, e-mails and done activities; not what the chatter says of itself.
  "mail.message": {
    scope: () => [
      ["model", "in", RELATED],
      "|",
      ["message_type", "in", ["comment", "email", "email_outgoing"]],
      ["mail_activity_type_id", "!=", false],
    ],
    live: () => [],
    always: ["model", "res_id", "message_type", "mail_activity_type_id"],
    blank: [],
    shortPages: true,
    record: ["model", "res_id"],
  },
  "calendar.event": {
    // Of somebody else's private meeting a reader is shown when it is, and "Busy".
    scope: (columns) => (columns.has("privacy") ? [["privacy", "!=", "private"]] : []),
    live: notArchived,
    always: ["active", "partner_ids"],
    // The caller would be its organiser.
    blank: ["user_id"],
    shortPages: false,
    record: null,
  },
}

/** Values that this connector derives from several columns, and writes as verbs. */
export const derived: Readonly<
  Record<
    string,
    Readonly<
      Record<string, { readonly type: string; readonly options?: ReadonlyArray<string>; readonly readOnly?: boolean }>
    >
  >
> = {
  "res.partner": { $state: { type: "char" } },
  "crm.lead": { $status: { type: "selection", options: ["open", "won", "lost"] } },
  "mail.activity": {
    $kind: { type: "selection", options: ["call", "meeting", "email", "task"] },
    $done: { type: "boolean" },
    $feedback: { type: "text" },
  },
  "mail.message": {
    $kind: { type: "selection", options: ["call", "meeting", "email", "task", "note"], readOnly: true },
    $done: { type: "boolean", readOnly: true },
  },
}
