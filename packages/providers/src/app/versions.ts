/**
 * Which edit of the app's each record is at: the precondition of a write to it. An edit is announced before the journal
 * is looked at, so a write is either taken by then (the edit waits for its answer, and is stale) or comes after (the write
 * is refused, and decided anew on the edit). One process has both, the connection's owner.
 */
import { sha256 } from "@concordat/model/ids"

/** How many records, and writes, are remembered per connection: both matter for as long as one call is under way. */
const MOST = 100_000

export interface Announced {
  /** The edit is in the journal: a write that is begun from now on knows it. */
  readonly keep: () => void
  /** The edit was not taken after all. */
  readonly withdraw: () => void
}

export interface Versions {
  /** The version that an edit with this idempotency key brings. */
  readonly of: (key: string) => string
  readonly announce: (object: string, id: string, version: string) => Announced
  /**
   * The version of the record after this write; null: the write is refused, since it was decided before the newest edit.
   * An edit that is in the journal refuses one write only: the next was begun after it, whatever version it carries.
   */
  readonly take: (write: {
    readonly object: string
    readonly id: string
    readonly key: string
    readonly version: string | undefined
  }) => string | null
  /** Whether the write with this key was taken here, though its answer may not be in the journal yet. */
  readonly wasTaken: (key: string) => boolean
}

interface Newest {
  readonly version: string
  isKept: boolean
  hasRefused: boolean
}

const trim = (kept: {
  readonly size: number
  readonly keys: () => Iterator<string>
  readonly delete: (key: string) => boolean
}) => {
  const oldest = kept.size > MOST ? kept.keys().next().value : undefined
  if (oldest !== undefined) kept.delete(oldest)
}

const short = (key: string): string => sha256(key).slice(0, 32)

export const makeVersions = (): Versions => {
  const newest = new Map<string, Newest>()
  const taken = new Set<string>()

  const announce: Versions["announce"] = (object, id, version) => {
    const name = `${object}:${id}`
    const before = newest.get(name)
    const mine: Newest = { version, isKept: false, hasRefused: false }
    newest.delete(name)
    newest.set(name, mine)
    trim(newest)
    return {
      keep: () => {
        mine.isKept = true
      },
      withdraw: () => {
        if (newest.get(name) !== mine) return
        if (before === undefined) newest.delete(name)
        else newest.set(name, before)
      },
    }
  }

  const take: Versions["take"] = ({ object, id, key, version }) => {
    const known = newest.get(`${object}:${id}`)
    if (known !== undefined && known.version !== version) {
      if (!known.isKept) return null
      if (!known.hasRefused) {
        known.hasRefused = true
        return null
      }
    }
    taken.add(key)
    trim(taken)
    return known?.version ?? version ?? short(key)
  }

  return { of: short, announce, take, wasTaken: (key) => taken.has(key) }
}

/** By connection, for the connector and the endpoint of one process. */
export type VersionsOf = (tenant: string, connection: string) => Versions

export const makeVersionsOf = (): VersionsOf => {
  const all = new Map<string, Versions>()
  return (tenant, connection) => {
    const name = `${tenant}.${connection}`
    const known = all.get(name) ?? makeVersions()
    all.set(name, known)
    return known
  }
}
