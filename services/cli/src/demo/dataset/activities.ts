/** Invents calls, tasks, notes, meetings and e-mails: each is in one system, with a person who is there. */
import { moments } from "./moments.ts"
import { apportion, type Dice } from "./random.ts"
import { type Sizes, type System, SYSTEMS } from "./sizes.ts"
import { type HeldActivity, type HeldDeal, type HeldPerson, type Kind, KINDS } from "./things.ts"
import { ACTIVITY_SUBJECTS } from "./vocabulary.ts"

const MINUTE = 60_000
const DAY = 86_400_000

const durationOf = (dice: Dice, kind: Kind): number | null =>
  kind === "call" ? dice.int(1, 45) * 60 : kind === "meeting" ? dice.int(1, 6) * 1800 : null

/** A task is due at noon: systems that only keep its day have the same day in every zone. */
const timeOf = (dice: Dice, kind: Kind, sizes: Sizes, index: number): number =>
  kind === "task"
    ? sizes.before + dice.int(-60, 60) * DAY + 12 * 60 * MINUTE
    : sizes.before - dice.int(1, 200) * DAY + (8 * 60 + (index % 540)) * MINUTE

/** Odoo keeps what is planned until it is done, and then only says that it was: its calls and meetings are still to come. */
const isDone = (dice: Dice, system: System, kind: Kind, past: boolean): boolean => {
  if (kind === "task") return system !== "odoo" && past && dice.chance(0.5)
  return system !== "odoo" || kind === "note" || kind === "email"
}

export const writeActivities = (
  dice: Dice,
  sizes: Sizes,
  people: ReadonlyArray<HeldPerson>,
  deals: ReadonlyArray<HeldDeal>,
): ReadonlyArray<HeldActivity> => {
  const counts = apportion(sizes.activities, [42, 28, 30])
  let number = 0
  return SYSTEMS.flatMap((system, at) => {
    const there = people.filter((person) => person.system === system)
    const dealsOf = new Map<string, HeldDeal>()
    for (const deal of deals) if (deal.system === system && deal.person !== null) dealsOf.set(deal.person, deal)
    if (there.length === 0) return []
    return Array.from({ length: counts[at] ?? 0 }, (_, index): HeldActivity => {
      number += 1
      const kind = KINDS[index % KINDS.length] ?? "call"
      const person = dice.pick(there)
      const subject = `${dice.pick(ACTIVITY_SUBJECTS[kind])} (${number})`
      const time = timeOf(dice, kind, sizes, number)
      const changed = moments(dice, sizes)
      return {
        system,
        label: `activity:${number}`,
        kind,
        subject,
        body: `<p>${subject}. Next steps are agreed.</p>`,
        time,
        duration: durationOf(dice, kind),
        direction: kind === "call" || kind === "email" ? dice.pick(["inbound", "outbound"] as const) : null,
        done: isDone(dice, system, kind, time < sizes.before),
        person: person.label,
        deal: dealsOf.get(person.label)?.label ?? null,
        seller: person.seller,
        createdAt: Math.min(changed.createdAt, time),
        changedAt: changed.changedAt,
      }
    })
  })
}
