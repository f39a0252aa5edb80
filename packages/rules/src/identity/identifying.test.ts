import { ENTITY_TYPES, type GroupValue } from "@concordat/model/canonical/fields"
import { assert, describe, it } from "vitest"
import { contradicts } from "./contradiction.ts"
import { type Groups, identifies, keysOf } from "./keys.ts"

/** Groups in which everything is said, and which remember what they were asked for. */
const listening = () => {
  const asked = new Set<string>()
  const value = (group: string): GroupValue => ({
    [group]: ["contacts", "deals", "otherEmails", "otherPhones"].includes(group) ? [`${group}@x.example`] : group,
    firstName: "Ada",
    lastName: "Lovelace",
    amount: 100,
  })
  const groups = new Proxy<Groups>(
    {},
    {
      get: (_, group) => {
        asked.add(String(group))
        return value(String(group))
      },
    },
  )
  return { asked, groups }
}

describe("groups that identify", () => {
  it.each(ENTITY_TYPES)("are all that keys and contradictions of a %s are read from", (type) => {
    const { asked, groups } = listening()
    for (const key of [...keysOf(type, groups), "email:", "phone:", "domain:", "like:"])
      contradicts(type, key, groups, groups)
    assert.isAbove(asked.size, 0)
    assert.deepStrictEqual(
      [...asked].filter((group) => !identifies(type, group)),
      [],
    )
  })
})
