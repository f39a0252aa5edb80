/** Requests to both APIs, on every route, with parameters, headers and bodies that nobody means. */
import { AppApi } from "@concordat/api/app/contract"
import { OperatorApi } from "@concordat/api/operator/contract"
import type { Json } from "@concordat/model/json"
import * as fc from "fast-check"
import { type Engine, SECRETS, TENANT } from "./engine.ts"
import { CANARY, changed, changes, hostile, tear, textOf, torn } from "./hostile.ts"
import type { Target } from "./target.ts"

interface Route {
  readonly method: string
  readonly path: string
  readonly group: "app" | "operator"
}

interface Described {
  readonly groups: Readonly<
    Record<string, { readonly endpoints: Readonly<Record<string, { readonly method: string; readonly path: string }>> }>
  >
}

const routesOf = (api: unknown, group: Route["group"]): ReadonlyArray<Route> =>
  Object.values((api as Described).groups).flatMap(({ endpoints }) =>
    Object.values(endpoints).map(({ method, path }) => ({ method, path, group })),
  )
const ROUTES = [...routesOf(AppApi, "app"), ...routesOf(OperatorApi, "operator")]

const PARAMS: Readonly<Record<string, string>> = {
  tenant: TENANT,
  connection: "app",
  object: "contact",
  id: "42",
  type: "contact",
}
const QUERY = ["after", "limit", "wait", "kind", "connection", "type", "field"]
const EDIT: Json = { values: { email: CANARY, firstName: "Ada", "custom.level": 3 }, basedOn: null, stamp: 1 }
const entity: Json = { type: "contact", id: "e1" }
const BODIES: ReadonlyArray<Json> = [
  EDIT,
  {
    rows: [
      { object: "contact", id: "43", key: "k", ...(EDIT as object) },
      { object: "deal", id: "1", key: "d", values: { amount: 1 }, basedOn: null },
    ],
  } as Json,
  { _tag: "PauseRequested", connection: "hubspot", by: "fuzzer" },
  { _tag: "ResumeRequested", connection: "hubspot", by: "fuzzer" },
  { _tag: "ArmRequested", connection: "odoo", by: "fuzzer", writesPerHour: 5 },
  { _tag: "ResolveRequested", connection: "odoo", by: "fuzzer", entity, group: "title", take: "ours" },
  { _tag: "MatchRequested", connection: "odoo", by: "fuzzer", record: { object: "res.partner", id: "1" }, entity },
  { _tag: "MergeRequested", by: "fuzzer", from: entity, into: { type: "contact", id: "e2" } },
  { _tag: "SplitRequested", by: "fuzzer", entity, merged: "e2" },
  { _tag: "ReplayRequested", connection: "odoo", by: "fuzzer", entity },
  { _tag: "ReleaseRequested", connection: "odoo", by: "fuzzer", entity, group: null },
]

const word = hostile.map((value) => (typeof value === "string" ? value : JSON.stringify(value)).slice(0, 3_000))
const encoded = (text: string): string => {
  try {
    return encodeURIComponent(text)
  } catch {
    // Half a surrogate pair has no encoding: a broken one is sent.
    return "%ff%zz"
  }
}

const one = fc.record({
  route: fc.constantFrom(...ROUTES),
  params: fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.dictionary(fc.constantFrom(...Object.keys(PARAMS)), word, { minKeys: 1, maxKeys: 2 }) },
  ),
  query: fc.oneof(
    { weight: 2, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.dictionary(fc.constantFrom(...QUERY), word, { minKeys: 1, maxKeys: 3 }) },
  ),
  body: fc.constantFrom(...BODIES),
  changes: fc.oneof({ weight: 3, arbitrary: changes }, { weight: 1, arbitrary: fc.constant([]) }),
  torn,
  key: fc.oneof(fc.uuid(), word),
  token: fc.oneof(
    { weight: 8, arbitrary: fc.constant("good") },
    { weight: 1, arbitrary: fc.constantFrom("none", "wrong", "other") },
  ),
})

const authorised = (token: string, group: Route["group"]): Record<string, string> => {
  if (token === "none") return {}
  const [own, other] = group === "app" ? [SECRETS.app, SECRETS.operator] : [SECRETS.operator, SECRETS.app]
  return { authorization: `Bearer ${token === "good" ? own : token === "other" ? other : "no such token"}` }
}

interface Told {
  readonly problems?: ReadonlyArray<{ readonly field?: unknown; readonly message?: unknown }>
}

/** A fault of a request is named with what to do; 5xx is ours. */
const check = (status: number, text: string, what: string): void => {
  if (status === 0 || status >= 500) throw new Error(`${what}: ${status} ${text.slice(0, 300)}`)
  for (const secret of [SECRETS.operator, SECRETS.app, SECRETS.client, SECRETS.hook])
    if (text.includes(secret)) throw new Error(`${what}: a secret in the answer`)
  if (status !== 400 && status !== 422) return
  const { problems = [] } = (text === "" ? {} : JSON.parse(text)) as Told
  const isNamed = problems.every(
    ({ field, message }) => typeof field === "string" && typeof message === "string" && message !== "",
  )
  if (problems.length === 0 || !isNamed)
    throw new Error(`${what}: ${status} that names nothing: "${text.slice(0, 300)}"`)
  if (text.length > 50_000) throw new Error(`${what}: an answer of ${text.length} characters to a fault`)
}

export const requests = (engine: Engine): Target => ({
  name: "requests",
  property: fc.asyncProperty(one, async ({ body, changes, key, params, query, route, token, torn }) => {
    const filled = route.path.replaceAll(/:(\w+)/g, (_, name: string) => encoded({ ...PARAMS, ...params }[name] ?? ""))
    const asked = new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, value.toWellFormed()]),
    ).toString()
    const hasBody = route.method !== "GET" && route.method !== "DELETE"
    const { status, text } = await engine.ask({
      method: route.method,
      path: `${filled}${asked === "" ? "" : `?${asked}`}`.slice(0, 8_000),
      headers: {
        ...authorised(token, route.group),
        ...(hasBody ? { "content-type": "application/json" } : {}),
        "idempotency-key": key.replaceAll(/[^\x20-\x7e]/g, "?"),
      },
      body: hasBody ? tear(textOf(changed(body, changes)), torn) : null,
    })
    check(status, text, `${route.method} ${route.path}`)
  }) as unknown as Target["property"],
})
