/** In which group each compared field is decided, and so under which name it is listed when it is parked or refused. */
import type { EntityType } from "@concordat/model/canonical/fields"

const GROUPS: Readonly<Partial<Record<EntityType, Readonly<Record<string, string>>>>> = {
  contact: { first: "name", last: "name", fullName: "name" },
  deal: { amount: "money", currency: "money", step: "stage", roughStep: "stage" },
  activity: { day: "time" },
}

export const groupOf = (type: EntityType, field: string): string => GROUPS[type]?.[field] ?? field
