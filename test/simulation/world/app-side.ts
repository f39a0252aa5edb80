/** The product that embeds the engine, as a side of the world. Its two loops run on the virtual clock. */
import { type AppSandbox, makeAppSandbox } from "@concordat/providers/app/sandbox/sandbox"
import type { Settings } from "@concordat/providers/app/sandbox/shapes"
import type { Chance } from "../random.ts"
import type { Owner, Timeline } from "../timeline.ts"
import { type GroupName, joined, parted, type Seen, type Side, type Values, type Written } from "./side.ts"

export interface Answered {
  readonly status: number
  readonly body: unknown
}

/** The endpoint, as the product reaches it: fails where the connection breaks. */
export type Endpoint = (method: string, path: string, key: string | null, body: unknown) => Promise<Answered>

const FIELDS: Readonly<Record<GroupName, ReadonlyArray<string>>> = {
  name: ["firstName", "lastName"],
  email: ["email"],
  title: ["title"],
  phone: ["phone"],
  address: ["street", "city", "zip"],
}

const rawOf = (values: Partial<Values>): Record<string, string | null> => {
  const raw: Record<string, string | null> = {}
  for (const [group, text] of Object.entries(values)) {
    const fields = FIELDS[group as GroupName]
    for (const [at, part] of parted(text, fields.length).entries()) raw[fields[at]!] = part === "" ? null : part
  }
  return raw
}

const text = (value: unknown): string => (typeof value === "string" ? value : "")

const seenOf = ({ id, values }: { readonly id: string; readonly values: Readonly<Record<string, unknown>> }): Seen => ({
  id,
  values: Object.fromEntries(
    Object.entries(FIELDS).map(([group, fields]) => [group, joined(...fields.map((field) => text(values[field])))]),
  ) as Values,
})

/** Groups of which every field is named. */
const groupsOf = (raw: Readonly<Record<string, unknown>>): Partial<Values> =>
  Object.fromEntries(
    Object.entries(FIELDS).flatMap(([group, fields]) =>
      fields.every((field) => field in raw) ? [[group, joined(...fields.map((field) => text(raw[field])))]] : [],
    ),
  )

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
      if ((effect !== "applied" && effect !== "same" && effect !== "waiting") || object !== "contact") return
      if (effect === "applied") writes += 1
      options.onWritten({
        side: name,
        id,
        kind: kind === "create" || kind === "archive" ? kind : "update",
        values: groupsOf(values),
        wasWithheld: kind === "withheld",
      })
    },
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
    provider: "app",
    object: "contact",
    get: (id) => {
      const record = sandbox.get("contact", id)
      return record === null || record.archived ? null : seenOf(record)
    },
    list: () => sandbox.list("contact").map(seenOf),
    seed: (values) => sandbox.seed({ contact: [{ values: rawOf(values) }] })["contact"]![0]!,
    create: (values) => {
      kick()
      return sandbox.put({ object: "contact", values: rawOf(values) }).id
    },
    edit: (id, values) => {
      kick()
      sandbox.put({ object: "contact", id, values: rawOf(values) })
    },
    remove: (id) => {
      kick()
      sandbox.archive("contact", id)
    },
    writes: () => writes,
    connect: (token) => {
      sandbox.connect({ url: "http://concordat.invalid", tenant, connection: name, token })
      kick = loop(sandbox.push)
      loop(sandbox.follow)
    },
  }
}
