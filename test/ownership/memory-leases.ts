/** Leases in memory by the test's clock, which can be cut off, and a state that looks at them. */
import { Commit } from "@concordat/engine/ports/Commit"
import { type LeaseToken, Leases } from "@concordat/engine/ports/Leases"
import { StateError, StateWriter } from "@concordat/engine/ports/State"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

interface Row {
  owner: string
  epoch: number
  until: number
}

export class LeaseTable {
  readonly rows = new Map<string, Row>()
  readonly attending = new Map<string, number>()
  /** Nobody reaches the store. */
  isOut = false
  /** Owners that the store does not hear. */
  readonly cut = new Set<string>()

  epochOf(name: string): number {
    return this.rows.get(name)?.epoch ?? 0
  }

  get leases(): Leases["Service"] {
    const asked = <A>(owner: string, answer: (now: number) => A) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        this.isOut || this.cut.has(owner)
          ? Effect.fail(new StateError({ reason: "unavailable", detail: "out of reach" }))
          : Effect.sync(() => answer(now)),
      )
    const isOwn = ({ epoch, name }: LeaseToken, owner: string, now: number): boolean => {
      const row = this.rows.get(name)
      return row?.owner === owner && row.epoch === epoch && row.until > now
    }
    return Leases.of({
      attend: ({ group, owner, ttlMs }) =>
        asked(owner, (now) => {
          this.attending.set(`${group}/${owner}`, now + ttlMs)
          return [...this.attending].filter(([key, until]) => key.startsWith(`${group}/`) && until > now).length
        }),
      leave: ({ group, owner }) => asked(owner, () => void this.attending.delete(`${group}/${owner}`)),
      claim: ({ most, names, owner, ttlMs }) =>
        asked(owner, (now) => {
          const isFree = (row: Row | undefined) => row === undefined || row.until <= now || row.owner === owner
          const free = names.filter((name) => isFree(this.rows.get(name))).slice(0, most)
          return free.map((name) => {
            const epoch = this.epochOf(name) + 1
            this.rows.set(name, { owner, epoch, until: now + ttlMs })
            return { name, epoch }
          })
        }),
      renew: ({ leases, owner, ttlMs }) =>
        asked(owner, (now) => {
          const own = leases.filter((lease) => isOwn(lease, owner, now))
          for (const { name } of own) this.rows.get(name)!.until = now + ttlMs
          return own.map(({ name }) => name)
        }),
      release: ({ leases, owner }) =>
        asked(owner, (now) => {
          for (const lease of leases) if (isOwn(lease, owner, now)) this.rows.get(lease.name)!.until = now
        }),
      surpass: ({ epoch, lease }) =>
        asked("", (now) => {
          const row = this.rows.get(lease.name)
          if (row?.epoch === lease.epoch && row.until > now) Object.assign(row, { owner: "", epoch, until: now })
        }),
      list: asked("", (now) =>
        [...this.rows]
          .map(([name, { epoch, owner, until }]) => ({ name, owner, epoch, leftMs: Math.max(0, until - now) }))
          .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      ),
    })
  }

  /** Over the embedded store's documents: refused where the lease is not its last owner's. */
  readonly writer = Effect.map(Commit, (store) =>
    StateWriter.of({
      write: ({ checkpoint, documents, lease }) =>
        lease !== null && this.epochOf(lease.name) !== lease.epoch
          ? Effect.fail(new StateError({ reason: "fenced", detail: `${lease.name} has another owner` }))
          : Effect.asVoid(Effect.orDie(store.commit({ appends: [], documents, commands: [], checkpoint }))),
    }),
  )
}
