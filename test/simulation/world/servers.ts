/** The sandboxes as servers, and which records an answer of theirs shows to the engine. */
import type { HttpCall } from "@concordat/engine/ports/ProviderHttp"
import type { HubspotSandbox } from "@concordat/providers/hubspot/sandbox/sandbox"
import type { OdooSandbox } from "@concordat/providers/odoo/sandbox/sandbox"
import type { OnArrival, Server } from "../network.ts"
import type { Part } from "../oracle/entered.ts"
import type { History } from "../oracle/history.ts"
import type { Read } from "../oracle/reads.ts"
import { askedOf } from "./asked.ts"
import { type HubspotSide, isEntered } from "./hubspot-side.ts"
import type { OdooSide } from "./odoo-side.ts"
import { Readings } from "./readings.ts"
import type { Side } from "./side.ts"
import type { Kind } from "./things.ts"
import { updatesIn } from "./updates.ts"

/** Told of what an answer carries: what the engine knows of a record once it is there. */
type Shown = (kind: Kind, id: string, part: Part) => void
type ShownTo = (call: HttpCall, onArrival: OnArrival) => Shown

type Row = Readonly<Record<string, unknown>>
const rowsOf = (said: unknown): ReadonlyArray<Row> =>
  (Array.isArray(said) ? said : []).filter((row): row is Row => typeof row === "object" && row !== null)

const KIND_OF: Readonly<Record<string, Kind>> = {
  contacts: "person",
  companies: "company",
  deals: "deal",
  tasks: "activity",
}

/** The properties that a call to HubSpot asks for by name. */
const askedFor = ({ searchParams }: URL, body: unknown): ReadonlyArray<string> => {
  const { properties = [] } = (typeof body === "string" && body !== "" ? JSON.parse(body) : {}) as {
    readonly properties?: ReadonlyArray<string>
  }
  return [...properties, ...searchParams.getAll("properties").flatMap((names) => names.split(","))]
}

/** Whether a list asks what its records refer to; a row of which more pages are to follow is read apart. */
const showsCompanies = ({ searchParams }: URL, row: Row): boolean => {
  const { companies } = (row["associations"] ?? {}) as { readonly companies?: { readonly paging?: unknown } }
  return (
    searchParams.getAll("associations").some((names) => names.split(",").includes("companies")) &&
    companies?.paging === undefined
  )
}

const hubspotServer =
  (sandbox: HubspotSandbox, shownTo: ShownTo): Server =>
  (call, onArrival) => {
    const shown = shownTo(call, onArrival)
    const url = new URL(call.url)
    const answer = sandbox.handle({
      method: call.method,
      url: url.pathname + url.search,
      headers: call.headers ?? {},
      body: call.body ?? "",
    })
    if (answer.dropped === true) return null
    const answered = { status: answer.status, headers: answer.headers, text: answer.body }
    if (call.writes === true || answer.status >= 300) return answered
    const records = /\/objects\/[^/]+\/([a-z]+)(\/batch\/read|\/\d+)?$/.exec(url.pathname)?.[1] ?? ""
    const links = /\/associations\/[^/]+\/([a-z]+)\/companies\/batch\/read$/.exec(url.pathname)?.[1] ?? ""
    const kind = KIND_OF[records] ?? KIND_OF[links]
    if (kind === undefined) return answered
    const { errors, results } = JSON.parse(answer.body) as { readonly results?: unknown; readonly errors?: unknown }
    if (records !== "") {
      // A census, or whoever asks whether a record is archived, learns that it is there, and nothing of what is in it.
      const isRead = isEntered(kind, askedFor(url, call.body))
      for (const row of rowsOf(results)) {
        if (isRead) shown(kind, String(row["id"]), "fields")
        if (showsCompanies(url, row)) shown(kind, String(row["id"]), "references")
      }
    } else {
      for (const { from } of rowsOf(results)) shown(kind, String((from as Row)["id"]), "references")
      // None is told as an error of its row.
      for (const { context } of rowsOf(errors))
        for (const ids of Object.values((context ?? {}) as Row))
          for (const id of Array.isArray(ids) ? ids : []) shown(kind, String(id), "references")
    }
    return answered
  }

const kindsOf = (row: Row): ReadonlyArray<Kind> => {
  if ("summary" in row) return ["activity"]
  if ("expected_revenue" in row) return ["deal"]
  if (!("name" in row)) return []
  return "is_company" in row ? [row["is_company"] === true ? "company" : "person"] : ["person", "company"]
}

/** Of an archived row nothing is taken but that it is gone, in whatever answer it stands. A lost lead is archived too, with probability 0, and is there. */
const isGone = ({ active, probability }: Row): boolean => active === false && probability !== 0

/** `sentOrder`: when a call was sent; `order`: what time it is, both in the order of the world's events. */
const odooServer = (
  sandbox: OdooSandbox,
  shownTo: ShownTo,
  sentOrder: (call: HttpCall) => number,
  order: () => number,
): Server => {
  const readings = new Readings()
  return async (call, onArrival) => {
    const body = typeof call.body === "string" ? call.body : ""
    const { domain, model } = askedOf(call.url, body)
    const whole = model === "ir.model.data" ? readings.completes(domain, sentOrder(call)) : []
    const answer = await sandbox.handle({ method: call.method, url: call.url, headers: { ...call.headers }, body })
    if (answer.dropped) return null
    const answered = { status: answer.status, headers: answer.headers, text: answer.body }
    if (call.writes === true || answer.status >= 300) return answered
    for (const told of whole) onArrival(told)
    if (!["res.partner", "crm.lead", "mail.activity"].includes(model)) return answered
    const said: unknown = JSON.parse(answer.body)
    for (const row of rowsOf(Array.isArray(said) ? said : (said as { readonly result?: unknown }).result)) {
      if (isGone(row)) continue
      const id = String(row["id"])
      const shown = shownTo(call, (told) =>
        onArrival(readings.begins(domain) ? () => readings.come(model, id, { told, come: order() }) : told),
      )
      for (const kind of kindsOf(row)) for (const part of ["fields", "references"] as const) shown(kind, id, part)
    }
    return answered
  }
}

/** `sentAt`: when a call was sent, where that is known. */
export const serverOf = (
  side: Side,
  history: History,
  sentAt: (call: HttpCall) => Read | undefined = () => undefined,
): Server => {
  const shownTo: ShownTo = (call, onArrival) => (kind, id, part) => {
    // An id that was merged away is answered with the record that it became part of.
    const record = `${kind}:${side.get(kind, id)?.id ?? id}`
    const began = sentAt(call)?.order
    const at = began === undefined ? history.answered() : { ...history.answered(), began }
    onArrival(() => history.read(side.name, record, part, at))
  }
  const server =
    side.provider === "odoo"
      ? odooServer(
          (side as OdooSide).sandbox,
          shownTo,
          (call) => sentAt(call)?.order ?? Number.POSITIVE_INFINITY,
          () => history.answered().order,
        )
      : hubspotServer((side as HubspotSide).sandbox, shownTo)
  return (call, onArrival) => {
    const at = call.writes === true && side.provider !== "app" ? sentAt(call) : undefined
    if (at === undefined || side.provider === "app") return server(call, onArrival)
    const records = updatesIn(side.provider, call).flatMap(({ id, kinds }) => kinds.map((kind) => `${kind}:${id}`))
    const noted = (sent: Read | null): void => {
      for (const record of records) history.sending(side.name, record, sent)
    }
    noted(at)
    const answer = server(call, onArrival)
    if (answer instanceof Promise) return answer.finally(() => noted(null))
    noted(null)
    return answer
  }
}
