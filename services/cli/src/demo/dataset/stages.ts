/** One step of a sale in the terms of each system: the stages that a new HubSpot portal and a new Odoo database come with. */
import type { Step } from "./things.ts"

export interface StageNames {
  readonly hubspot: { readonly id: string; readonly closed: "won" | "lost" | null }
  /** Lost leads are archived and keep their stage. */
  readonly odoo: { readonly id: number; readonly lost: boolean }
  readonly app: { readonly stage: string; readonly status: "open" | "won" | "lost" }
}

export const STAGES: Readonly<Record<Step, StageNames>> = {
  new: {
    hubspot: { id: "appointmentscheduled", closed: null },
    odoo: { id: 1, lost: false },
    app: { stage: "new", status: "open" },
  },
  qualified: {
    hubspot: { id: "qualifiedtobuy", closed: null },
    odoo: { id: 2, lost: false },
    app: { stage: "qualified", status: "open" },
  },
  proposal: {
    hubspot: { id: "presentationscheduled", closed: null },
    odoo: { id: 3, lost: false },
    app: { stage: "proposal", status: "open" },
  },
  // Odoo has no stage for it: there it is a proposal.
  negotiation: {
    hubspot: { id: "decisionmakerboughtin", closed: null },
    odoo: { id: 3, lost: false },
    app: { stage: "negotiation", status: "open" },
  },
  won: {
    hubspot: { id: "closedwon", closed: "won" },
    odoo: { id: 4, lost: false },
    app: { stage: "won", status: "won" },
  },
  lost: {
    hubspot: { id: "closedlost", closed: "lost" },
    odoo: { id: 2, lost: true },
    app: { stage: "lost", status: "lost" },
  },
}
