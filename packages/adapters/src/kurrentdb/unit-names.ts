/** Names of what the adapter keeps for itself: streams with units of several streams, and places of revisions. */

const CATEGORY = "unit-"
export const isUnitStream = (stream: string): boolean => stream.startsWith(CATEGORY)

/** What readers of the journal never see: the server's own streams and the units. */
export const isHidden = (stream: string): boolean => stream.startsWith("$") || isUnitStream(stream)

/** Type of what only keeps the place of a revision that is forgotten. */
export const PLACE = "RevisionSkipped"
export const isShown = ({ stream, type }: { readonly stream: string; readonly type: string }): boolean =>
  !isHidden(stream) && type !== PLACE

/** `worker-3f.acme.hubspot` has its units in `unit-3f.worker.acme.hubspot`: of the same partition. */
export const unitStreamOf = (lead: string): string => {
  const dash = lead.indexOf("-")
  const dot = lead.indexOf(".", dash)
  if (dash === -1) return `${CATEGORY}${lead}`
  const category = lead.slice(0, dash)
  return dot === -1
    ? `${CATEGORY}${lead.slice(dash + 1)}.${category}`
    : `${CATEGORY}${lead.slice(dash + 1, dot)}.${category}${lead.slice(dot)}`
}

/** The streams that fence a unit: who appends to one at its expected revision is its owner still. */
const FENCES = ["partition-", "worker-"]

/** The place of the append that decides a unit: the fence's, which each owner reads before anything else. */
export const leadOf = (streams: ReadonlyArray<string>): number => {
  for (const fence of FENCES) {
    const found = streams.findIndex((stream) => stream.startsWith(fence))
    if (found !== -1) return found
  }
  return 0
}
