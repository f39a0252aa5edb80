/** Records that Concordat creates in the app are named after our own id: a create that is repeated is the same record. */

const MARK = "cc-"

export const idOf = (ownId: string): string => `${MARK}${ownId}`

/** Our id in a record of the app's; null for one that the app made: the app gives no id that begins with `cc-` itself. */
export const ownIdOf = (id: string): string | null => (id.startsWith(MARK) ? id.slice(MARK.length) : null)
