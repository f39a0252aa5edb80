/** Where the engine itself says that it leaves a title to an automation: it may be another one there, and nowhere else. */
import type { EntityLinks } from "@concordat/engine/operations/views"
import type { Seen } from "../world/side.ts"
import type { GroupName } from "../world/things.ts"

/** What automations change. */
export const REWRITTEN: GroupName = "title"

/** The records, of systems in which one does. */
export const quarantinedIn = (
  entities: ReadonlyArray<EntityLinks>,
  rewriting: ReadonlyArray<string>,
): ReadonlySet<string> =>
  new Set(
    entities.flatMap(({ at }) =>
      at.flatMap(({ connection, primary, quarantined }) =>
        primary !== null && quarantined.includes(REWRITTEN) && rewriting.includes(connection)
          ? [`${connection}|${primary.object}:${primary.id}`]
          : [],
      ),
    ),
  )

/** A group as it stands in a record. */
interface Standing {
  readonly side: { readonly name: string }
  readonly object: string
  readonly record: Pick<Seen, "id">
  readonly value: string
}

/** What stands where the engine is to keep it: all where it is the same, else all but what it leaves alone. */
export const counting = <A extends Standing>(
  all: ReadonlyArray<A>,
  group: GroupName,
  quarantined: ReadonlySet<string>,
): ReadonlyArray<A> =>
  group !== REWRITTEN || new Set(all.map(({ value }) => value)).size <= 1
    ? all
    : all.filter(({ object, record, side }) => !quarantined.has(`${side.name}|${object}:${record.id}`))
