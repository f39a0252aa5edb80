/** The operator's lists as evidence: who is linked to whom, and what people have been told of. */
import type { Conflicts, Issues, Links, Matches } from "@concordat/api/operator/views"
import type { EntityLinks, LinkedRecord, Listed, ListedGroup } from "./evidence.ts"

/** All pages of each list. */
export interface OperatorLists {
  readonly links: Links["items"]
  readonly conflicts: Conflicts["items"]
  readonly matches: Matches["items"]
  readonly issues: Issues["items"]
}

const linksOf = (link: Links["items"][number]): EntityLinks => ({
  entity: link.id,
  type: link.type,
  records: link.at.flatMap(({ connection, primary, duplicates, tombstone }): ReadonlyArray<LinkedRecord> => [
    // What it was linked to tells who it is, also when that record is gone.
    ...(tombstone === null ? [] : [{ connection, ...tombstone.record, primary: false }]),
    ...(primary === null ? [] : [{ connection, ...primary, primary: true }]),
    ...duplicates.map((record) => ({ connection, ...record, primary: false })),
  ]),
})

const groupsOf = (link: Links["items"][number]): ReadonlyArray<ListedGroup> =>
  link.at.flatMap(({ connection, quarantined, refused, problems }) =>
    [...quarantined, ...refused, ...problems].map((group) => ({ connection, entity: link.id, group })),
  )

export const fromOperator = (
  lists: OperatorLists,
): { readonly entities: ReadonlyArray<EntityLinks>; readonly listed: Listed } => {
  const links = lists.links.filter(({ mergedInto }) => mergedInto === null)
  return {
    entities: links.map(linksOf),
    listed: {
      questions: lists.matches.map(({ connection, object, id, candidates }) => ({
        connection,
        object,
        id,
        candidates: candidates.map((candidate) => candidate.id),
      })),
      conflicts: [
        ...lists.conflicts.map(({ connection, id, group }) => ({ connection, entity: id, group })),
        ...links.flatMap((link) =>
          link.at.flatMap(({ connection, parked }) => parked.map((group) => ({ connection, entity: link.id, group }))),
        ),
      ],
      issues: [
        ...lists.issues.map(({ connection, id, group }) => ({
          connection,
          entity: id,
          group: group === "" ? null : group,
        })),
        ...links.flatMap(groupsOf),
      ],
      waiting: [],
      tombstones: links.flatMap((link) =>
        link.at.flatMap(({ connection, tombstone }) => (tombstone === null ? [] : [{ connection, entity: link.id }])),
      ),
    },
  }
}
