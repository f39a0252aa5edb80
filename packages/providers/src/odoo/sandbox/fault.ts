/** The exceptions of Odoo as they leave the server: a Python class name, a message, and a status on `/json/2`. */
import type { Json } from "./wire.ts"

const kinds = {
  ValueError: { name: "builtins.ValueError", status: 500 },
  AttributeError: { name: "builtins.AttributeError", status: 404 },
  TypeError: { name: "builtins.TypeError", status: 422 },
  UserError: { name: "odoo.exceptions.UserError", status: 422 },
  ValidationError: { name: "odoo.exceptions.ValidationError", status: 422 },
  RedirectWarning: { name: "odoo.exceptions.RedirectWarning", status: 422 },
  AccessError: { name: "odoo.exceptions.AccessError", status: 403 },
  AccessDenied: { name: "odoo.exceptions.AccessDenied", status: 401 },
  MissingError: { name: "odoo.exceptions.MissingError", status: 404 },
  SessionExpired: { name: "odoo.http.SessionExpiredException", status: 403 },
  SerializationFailure: { name: "psycopg2.errors.SerializationFailure", status: 500 },
  OperationalError: { name: "psycopg2.OperationalError", status: 500 },
} as const

export type FaultKind = keyof typeof kinds

/** What `/json/2` calls an error that has another name over JSON-RPC. */
const json2Names: Partial<Record<FaultKind, string>> = {
  AttributeError: "werkzeug.exceptions.NotFound",
  TypeError: "werkzeug.exceptions.UnprocessableEntity",
  AccessDenied: "werkzeug.exceptions.Unauthorized",
}

export class OdooFault extends Error {
  readonly kind: FaultKind
  readonly parameters: ReadonlyArray<Json>
  constructor(kind: FaultKind, message: string, parameters?: ReadonlyArray<Json>) {
    super(message)
    this.kind = kind
    this.parameters = parameters ?? [message]
  }
}

const body = (fault: OdooFault, name: string) => ({
  name,
  message: fault.message,
  arguments: fault.parameters,
  context: {},
  // A traceback with paths of the server, as the real one leaks it.
  debug: `Traceback (most recent call last):\n  File "/usr/lib/python3/dist-packages/odoo/http.py", line 1788, in _serve_db\n${name}: ${fault.message}\n`,
})

export const jsonRpcError = (fault: OdooFault, version: 17 | 19) =>
  fault.kind === "SessionExpired"
    ? { code: 100, message: "Odoo Session Expired", data: body(fault, kinds.SessionExpired.name) }
    : { code: version === 17 ? 200 : 0, message: "Odoo Server Error", data: body(fault, kinds[fault.kind].name) }

export const json2Error = (fault: OdooFault) => ({
  status: kinds[fault.kind].status,
  body: body(fault, json2Names[fault.kind] ?? kinds[fault.kind].name),
})
