/** The models of the sandbox and their fields, by version: the ones that a synchronisation can meet. */

export type FieldType =
  | "char"
  | "text"
  | "html"
  | "integer"
  | "float"
  | "monetary"
  | "boolean"
  | "date"
  | "datetime"
  | "selection"
  | "binary"
  | "many2one"
  | "many2many"
  | "one2many"
  | "many2one_reference"

export interface Field {
  readonly type: FieldType
  readonly string: string
  readonly relation?: string
  /** For one2many: the field of the related model that points back. */
  readonly inverse?: string
  readonly selection?: ReadonlyArray<readonly [string, string]>
  readonly required?: boolean
  readonly readonly?: boolean
  /** `false`: computed at each read, cannot be searched here. */
  readonly store?: boolean
}

export interface Model {
  readonly name: string
  readonly label: string
  readonly order: string
  readonly fields: Map<string, Field>
}

export type Version = 17 | 19

/** `"char!"` required, `"char-"` read-only, `"char~"` not stored, `"many2one:res.users"`, `"selection:a|b"`. */
const field = (name: string, spec: string): Field => {
  const [, type, target, marks] = /^(\w+?)(?::([^!~-]+))?([!~-]*)$/.exec(spec) ?? []
  if (type === undefined) throw new Error(`not a field: ${spec}`)
  const label = name
    .replace(/_ids?$/, "")
    .split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ")
  const [relation, inverse] = type === "selection" ? [] : (target?.split("/") ?? [])
  return {
    type: type as FieldType,
    string: label,
    ...(relation === undefined ? {} : { relation }),
    ...(inverse === undefined ? {} : { inverse }),
    ...(type === "selection"
      ? {
          selection: (target ?? "").split("|").map((key) => [key, key.charAt(0).toUpperCase() + key.slice(1)] as const),
        }
      : {}),
    required: marks?.includes("!") ?? false,
    readonly: marks?.includes("-") ?? false,
    store: !(marks?.includes("~") ?? false),
  }
}

const magic = {
  id: "integer-",
  display_name: "char-~",
  create_uid: "many2one:res.users-",
  create_date: "datetime-",
  write_uid: "many2one:res.users-",
  write_date: "datetime-",
}

const model = (name: string, label: string, order: string, fields: Record<string, string>): Model => ({
  name,
  label,
  order,
  fields: new Map(Object.entries({ ...magic, ...fields }).map(([key, spec]) => [key, field(key, spec)])),
})

const address = {
  street: "char",
  street2: "char",
  zip: "char",
  city: "char",
  state_id: "many2one:res.country.state",
  country_id: "many2one:res.country",
}

const thread = { message_ids: "one2many:mail.message/res_id~", activity_ids: "one2many:mail.activity/res_id~" }

export const makeSchema = (version: Version): Map<string, Model> => {
  const old = version === 17
  const models = [
    model("res.partner", "Contact", "complete_name ASC, id DESC", {
      name: "char",
      complete_name: "char-",
      email: "char",
      email_normalized: "char-",
      phone: "char",
      ...(old
        ? { mobile: "char", title: "many2one:res.partner.title", date: "date", team_id: "many2one:crm.team" }
        : {}),
      is_company: "boolean",
      company_type: "selection:person|company~",
      parent_id: "many2one:res.partner",
      parent_name: "char-~",
      child_ids: "one2many:res.partner/parent_id",
      commercial_partner_id: "many2one:res.partner-",
      function: "char",
      ...address,
      vat: "char",
      website: "char",
      lang: "selection:en_US",
      tz: "selection:UTC|Europe/Berlin",
      category_id: "many2many:res.partner.category",
      user_id: "many2one:res.users",
      type: "selection:contact|invoice|delivery|other",
      active: "boolean",
      ref: "char",
      comment: "html",
      company_id: "many2one:res.company",
      company_name: "char",
      color: "integer",
      image_1920: "binary",
      image_128: "binary-",
      opportunity_ids: "one2many:crm.lead/partner_id",
      ...thread,
    }),
    model("crm.lead", "Lead/Opportunity", "priority desc, id desc", {
      name: "char!",
      type: "selection:lead|opportunity!",
      partner_id: "many2one:res.partner",
      contact_name: "char",
      partner_name: "char",
      function: "char",
      email_from: "char",
      email_normalized: "char-",
      phone: "char",
      ...(old
        ? { mobile: "char", title: "many2one:res.partner.title" }
        : { won_status: "selection:won|lost|pending-", commercial_partner_id: "many2one:res.partner-~" }),
      website: "char",
      ...address,
      stage_id: "many2one:crm.stage",
      team_id: "many2one:crm.team",
      user_id: "many2one:res.users",
      company_id: "many2one:res.company",
      company_currency: "many2one:res.currency-~",
      expected_revenue: "monetary",
      probability: "float",
      automated_probability: "float-",
      priority: "selection:0|1|2|3",
      tag_ids: "many2many:crm.tag",
      date_deadline: "date",
      date_open: "datetime-",
      date_closed: "datetime-",
      date_conversion: "datetime-",
      date_last_stage_update: "datetime-",
      lost_reason_id: "many2one:crm.lost.reason",
      active: "boolean",
      color: "integer",
      description: "html",
      ...thread,
    }),
    model("crm.stage", "CRM Stages", "sequence, name, id", {
      name: "char!",
      sequence: "integer",
      is_won: "boolean",
      fold: "boolean",
      ...(old ? { team_id: "many2one:crm.team" } : { team_ids: "many2many:crm.team" }),
    }),
    model("crm.team", "Sales Team", "sequence ASC, create_date DESC, id DESC", {
      name: "char!",
      sequence: "integer",
      active: "boolean",
      user_id: "many2one:res.users",
      company_id: "many2one:res.company",
    }),
    model("crm.lost.reason", "Opp. Lost Reason", "id", { name: "char!", active: "boolean" }),
    model("crm.tag", "CRM Tag", "name", { name: "char!", color: "integer" }),
    model("res.partner.category", "Partner Tags", "name", {
      name: "char!",
      color: "integer",
      active: "boolean",
      partner_ids: "many2many:res.partner~",
    }),
    model("res.partner.title", "Partner Title", "name", { name: "char!", shortcut: "char" }),
    model("res.users", "User", "name, login", {
      name: "char!",
      login: "char!",
      email: "char",
      active: "boolean",
      share: "boolean-",
      partner_id: "many2one:res.partner!",
      company_id: "many2one:res.company!",
      tz: "selection:UTC|Europe/Berlin",
      lang: "selection:en_US",
    }),
    model("res.company", "Companies", "sequence, name", {
      name: "char!",
      sequence: "integer",
      active: "boolean",
      currency_id: "many2one:res.currency!",
      partner_id: "many2one:res.partner!",
    }),
    model("res.currency", "Currency", "active desc, name", {
      name: "char!",
      symbol: "char!",
      decimal_places: "integer-",
      active: "boolean",
    }),
    model("res.country", "Country", "name, id", { name: "char!", code: "char!" }),
    model("res.country.state", "Country state", "code, id", {
      name: "char!",
      code: "char!",
      country_id: "many2one:res.country!",
    }),
    model("mail.activity", "Activity", "date_deadline ASC, id ASC", {
      res_model_id: "many2one:ir.model!",
      res_model: "char-",
      res_id: "many2one_reference!",
      res_name: "char-~",
      activity_type_id: "many2one:mail.activity.type",
      summary: "char",
      note: "html",
      date_deadline: "date!",
      date_done: "date-",
      user_id: `many2one:res.users${old ? "!" : ""}`,
      state: "selection:overdue|today|planned|done-~",
      calendar_event_id: "many2one:calendar.event",
      active: "boolean",
      ...(old ? {} : { feedback: "text" }),
    }),
    model("mail.activity.type", "Activity Type", "sequence, id", {
      name: "char!",
      sequence: "integer",
      category: "selection:default|phonecall|meeting|upload_file",
      active: "boolean",
      icon: "char",
      res_model: "char",
      ...(old ? { keep_done: "boolean" } : {}),
    }),
    model("mail.message", "Message", "id desc", {
      subject: "char",
      date: "datetime",
      body: "html",
      model: "char",
      res_id: "many2one_reference",
      record_name: "char",
      message_type: "selection:email|comment|email_outgoing|notification|auto_comment|user_notification!",
      subtype_id: "many2one:mail.message.subtype",
      mail_activity_type_id: "many2one:mail.activity.type",
      author_id: "many2one:res.partner",
      email_from: "char",
      is_internal: "boolean",
    }),
    model("mail.message.subtype", "Message subtypes", "sequence, id", {
      name: "char!",
      sequence: "integer",
      internal: "boolean",
      res_model: "char",
    }),
    model("calendar.event", "Calendar Event", "start desc, id desc", {
      name: "char!",
      start: "datetime!",
      stop: "datetime!",
      duration: "float",
      privacy: "selection:public|private|confidential",
      allday: "boolean",
      user_id: "many2one:res.users",
      partner_ids: "many2many:res.partner",
      res_model_id: "many2one:ir.model",
      res_model: "char-",
      res_id: "many2one_reference",
      opportunity_id: "many2one:crm.lead",
      location: "char",
      description: "html",
      active: "boolean",
    }),
    model("mail.mail", "Outgoing Mails", "id desc", { email_to: "char", subject: "char", state: "char" }),
    model("ir.model", "Models", "model", { model: "char!", name: "char!", state: "char-" }),
    model("ir.model.fields", "Fields", "name, id", {
      name: "char!",
      model: "char-",
      model_id: "many2one:ir.model!",
      field_description: "char!",
      ttype: `selection:char|text|html|integer|float|boolean|date|datetime!`,
      state: "char-",
      index: "boolean",
      required: "boolean",
    }),
    model("ir.model.data", "Model Data", "module, model, name", {
      module: "char!",
      name: "char!",
      model: "char!",
      res_id: "many2one_reference",
    }),
  ]
  return new Map(models.map((each) => [each.name, each]))
}

/** A field that a person added; it is stored and optional. */
export const customField = (label: string, type: FieldType): Field => ({
  type,
  string: label,
  required: false,
  readonly: false,
  store: true,
})
