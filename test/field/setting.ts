/** What a scene is given: who is there, and which faults are on. */
import { PERFECT } from "../simulation/network.ts"
import type { Script, SideName } from "../simulation/script.ts"

export const SECOND = 1_000
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

/** What is not said is calm: no webhook is lost, no call, and search shows everything at once. */
export interface Setting {
  readonly sides: ReadonlyArray<SideName>
  readonly odoo?: 17 | 19
  readonly pollMs?: Readonly<Record<string, number>>
  readonly indexLagMs?: readonly [number, number]
  readonly webhooks?: Partial<Script["webhooks"]>
  readonly network?: Partial<Script["network"]>
  readonly app?: Partial<Script["app"]>
  /** The tenant's rules, as in its configuration. */
  readonly rules?: string
  readonly isApart?: boolean
}

/** No webhook arrives: polls alone find what changed. */
export const SILENT: Partial<Script["webhooks"]> = { drop: 1 }

export const scriptOf = (setting: Setting): Script => ({
  seed: 0,
  sides: setting.sides,
  things: { person: [], company: [], deal: [], activity: [] },
  actions: [],
  isApart: setting.isApart ?? false,
  odoo: setting.odoo ?? 17,
  pollMs: setting.pollMs ?? {},
  batch: {},
  indexLagMs: setting.indexLagMs ?? [0, 0],
  skewMs: {},
  webhooks: { drop: 0, duplicate: 0, reorder: 0, delayMs: [100, 1_000], forge: 0, ...setting.webhooks },
  network: { ...PERFECT, ...setting.network },
  store: { writeMs: 0, readMs: 0, unmade: 0, unknown: 0 },
  bus: { redeliver: 0, reorder: 0 },
  beside: [],
  rules: { fields: [], authority: [] },
  rewriting: [],
  reshaping: { mergeMintsId: true, mergeNamesChain: true, odooArchives: false },
  app: { lostAnswer: 0, duplicate: 0, delayMs: 0, ...setting.app },
})
