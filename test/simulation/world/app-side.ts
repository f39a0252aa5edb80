/** The product that embeds the engine, as a side of the world. Its two loops run on the virtual clock. */
import { type AppSandbox, makeAppSandbox } from "@concordat/providers/app/sandbox/sandbox"
import type { SeenRecord, Settings } from "@concordat/providers/app/sandbox/shapes"
import type { Chance } from "../random.ts"
import type { Owner, Timeline } from "../timeline.ts"
import {
  type About,
  groupsIn,
  naming,
  plain,
  rawOf,
  type Seen,
  type Shapes,
  type Side,
  valuesOf,
  type Written,
} from "./side.ts"
import { DUE, keyOf, type Kind, KINDS, type Values } from "./things.ts"

export interface Answered {
  readonly status: number
  readonly body: unknown
}

/** The endpoint, as the product reaches it: fails where the connection breaks. */
export type Endpoint = (method: string, path: string, key: string | null, body: unknown) => Promise<Answered>

const OBJECTS = { person: "contact", company: "company", deal: "deal", activity: "activity" } as const

const SHAPES: Shapes<string | number | null> = {
  person: {
    name: plain<null>(null, "firstName", "lastName"),
    email: plain<null>(null, "email"),
    title: plain<null>(null, "title"),
    phone: plain<null>(null, "phone"),
    address: plain<null>(null, "street", "city", "zip"),
    company: plain<null>(null, "company"),
  },
  company: { name: naming("name"), phone: plain<null>(null, "phone") },
  deal: {
    title: naming("title"),
    closeDate: plain<null>(null, "closeDate"),
    money: {
      fields: ["amount"],
      write: (cents) => ({ amount: cents === "" ? null : Number(cents) }),
      read: ({ amount }) => (typeof amount === "number" ? String(amount) : ""),
    },
    company: plain<null>(null, "company"),
  },
  activity: { subject: naming("subject") },
}

export interface AppSide extends Side {
  readonly sandbox: AppSandbox
  readonly connect: (token: string) => void
}

/** How long a loop with nothing to do waits before it looks again, ms. */
const IDLE_MS = 30_000

export const makeAppSide = (options: {
  readonly name: string
  readonly tenant: string
  readonly timeline: Timeline
  readonly owner: Owner
  readonly chance: Chance
  readonly settings: Partial<Settings>
  readonly endpoint: Endpoint
  readonly onWritten: (written: Written) => void
}): AppSide => {
  const { name, owner, tenant, timeline } = options
  let writes = 0
  const sandbox = makeAppSandbox({
    now: () => timeline.now,
    random: options.chance.next,
    settings: options.settings,
    fetch: async (url, init) => {
      const { pathname, search } = new URL(url)
      const headers = init.headers as Readonly<Record<string, string>>
      const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : null
      const path = `${pathname.split("/").slice(4).join("/")}${search}`
      const answer = await options.endpoint(init.method ?? "GET", path, headers["idempotency-key"] ?? null, body)
      const answered = { status: answer.status, text: () => Promise.resolve(JSON.stringify(answer.body ?? null)) }
      return answered as unknown as Response
    },
    onWrite: ({ effect, id, kind, object, values }) => {
      // What waits for the answer to an edit has come too, and stands below that edit for now.
      const of = KINDS.find((one) => OBJECTS[one] === object)
      if ((effect !== "applied" && effect !== "same" && effect !== "waiting") || of === undefined) return
      if (effect === "applied") writes += 1
      options.onWritten({
        side: name,
        of,
        id,
        kind: kind === "create" || kind === "archive" ? kind : "update",
        values: groupsOf(of, values),
        wasWithheld: kind === "withheld",
        stands: told(of, sandbox.get(object, id)?.values ?? {}),
      })
    },
  })
  const companyOf = (id: unknown): string => {
    const company = typeof id === "string" ? sandbox.get("company", id) : null
    return company === null || company.archived ? "" : keyOf("company", valuesOf(SHAPES, "company", company.values))
  }
  const told = (kind: Kind, raw: Readonly<Record<string, unknown>>): Values => {
    const values = valuesOf(SHAPES, kind, raw)
    return "company" in values ? { ...values, company: companyOf(raw["company"]) } : values
  }
  /** Groups of which every field is named. */
  const groupsOf = (kind: Kind, raw: Readonly<Record<string, unknown>>): Values =>
    Object.fromEntries(
      Object.entries(told(kind, raw)).filter(([group]) =>
        SHAPES[kind][group as keyof Values]!.fields.every((field) => field in raw),
      ),
    )
  const seenOf = (kind: Kind, { id, values }: SeenRecord): Seen => ({
    id,
    values: told(kind, values),
  })
  const list = (kind: Kind): ReadonlyArray<Seen> =>
    sandbox
      .list(OBJECTS[kind])
      .map((record) => seenOf(kind, record))
      .filter(({ values }) => keyOf(kind, values) !== "")
  const given = (kind: Kind, values: Values): Readonly<Record<string, string | number | null>> => {
    const raw = rawOf(SHAPES, kind, values)
    if (values.company === undefined) return raw
    const company = list("company").find((one) => keyOf("company", one.values) === values.company)
    return { ...raw, company: company?.id ?? null }
  }
  const newOf = (kind: Kind, { domain, person }: About) => ({
    ...(domain === undefined ? {} : { domain }),
    ...(person === undefined ? {} : { contacts: [person] }),
    ...(kind === "activity" ? { kind: "task", done: false, time: DUE } : {}),
    ...(kind === "deal" ? { pipeline: "default", stage: "new", status: "open" } : {}),
  })
  /** Runs a step again when it says so; the returned function makes it look at once. */
  const loop = (step: () => Promise<number | null>): (() => void) => {
    let cancel = (): void => {}
    let isRunning = false
    let isKicked = false
    const go = async (): Promise<void> => {
      isRunning = true
      timeline.promised()
      const at = await step()
      isRunning = false
      const wait = isKicked ? 1 : at === null ? IDLE_MS : Math.min(Math.max(at - timeline.now, 1), IDLE_MS)
      isKicked = false
      cancel = timeline.after(owner, wait, run)
    }
    const run = (): void => void go().catch(timeline.fail)
    run()
    return () => {
      if (isRunning) {
        isKicked = true
        return
      }
      cancel()
      cancel = timeline.after(owner, 1, run)
    }
  }
  let kick = (): void => {}
  return {
    name,
    tenant,
    sandbox,
    isApp: true,
    keepsHistory: false,
    provider: "app",
    objects: OBJECTS,
    groups: groupsIn(SHAPES),
    get: (kind, id) => {
      const record = sandbox.get(OBJECTS[kind], id)
      return record === null || record.archived ? null : seenOf(kind, record)
    },
    list,
    participants: (activity) =>
      [sandbox.get(OBJECTS.activity, activity)?.values["contacts"] ?? []].flat().flatMap((id) => {
        const person = typeof id === "string" ? sandbox.get(OBJECTS.person, id) : null
        return person === null || person.archived ? [] : [keyOf("person", told("person", person.values))]
      }),
    seed: (kind, values, about) => {
      const object = OBJECTS[kind]
      return sandbox.seed({ [object]: [{ values: { ...given(kind, values), ...newOf(kind, about) } }] })[object]![0]!
    },
    create: (kind, values, about) => {
      kick()
      return sandbox.put({ object: OBJECTS[kind], values: { ...given(kind, values), ...newOf(kind, about) } }).id
    },
    edit: (kind, id, values) => {
      kick()
      sandbox.put({ object: OBJECTS[kind], id, values: given(kind, values) })
    },
    automate: (kind, id, values) => {
      kick()
      sandbox.put({ object: OBJECTS[kind], id, values: given(kind, values), byAutomation: true })
    },
    remove: (kind, id) => {
      kick()
      sandbox.archive(OBJECTS[kind], id)
    },
    restore: (kind) => (id) => {
      kick()
      sandbox.put({ object: OBJECTS[kind], id, values: {} })
    },
    merge: null,
    writes: () => writes,
    connect: (token) => {
      sandbox.connect({ url: "http://concordat.invalid", tenant, connection: name, token })
      kick = loop(sandbox.push)
      loop(sandbox.follow)
    },
  }
}
