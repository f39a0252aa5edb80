/** One line in a process of its own: what an earlier line compiled, cached or left as garbage is not part of a later one's. */
import { rmSync, mkdtempSync } from "node:fs"
import { join } from "node:path"
import { LINES } from "../lines.ts"
import type { Context, Row, Scale } from "./line.ts"
import type { Profiles } from "./profile.ts"
import { timed } from "./stopwatch.ts"

/** What the parent gives it, as JSON. */
export interface Order {
  readonly line: string
  readonly scale: Scale
  readonly people: number | null
  /** The run's folder. */
  readonly shared: string
  /** null: none. */
  readonly profiles: Profiles | null
}
export type Said =
  | { readonly _tag: "Progress"; readonly text: string }
  | { readonly _tag: "Rows"; readonly rows: ReadonlyArray<Row> }

const tell = (said: Said): Promise<void> =>
  new Promise((resolve, reject) => {
    process.send!(said, (error: Error | null) => (error === null ? resolve() : reject(error)))
  })

const order = JSON.parse(process.argv[2]!) as Order
const line = LINES.find(({ name }) => name === order.line)
if (line === undefined) throw new Error(`there is no line ${order.line}`)
const dir = mkdtempSync(join(order.shared, `${line.name}-`))
let profiles = 0
const context: Context = {
  scale: order.scale,
  people: (quick, full) => order.people ?? (order.scale === "quick" ? quick : full),
  dir,
  shared: order.shared,
  timed: (work) => {
    profiles += 1
    const name = profiles === 1 ? order.line : `${order.line}-${profiles}`
    return timed(work, order.profiles && { ...order.profiles, path: join(order.profiles.dir, name) })
  },
  say: (text) => void tell({ _tag: "Progress", text }),
}
try {
  await tell({ _tag: "Rows", rows: await line.measure(context) })
} finally {
  rmSync(dir, { recursive: true, force: true })
}
process.disconnect()
