/** What the readers share of deals: money is nothing without an amount, and not every system has every step. */
import type { StoredRecord } from "./evidence.ts"

/** Without an amount, the currency that a form was left at says nothing. */
export const money = (amount: string | null, currency: string | null): StoredRecord["fields"] =>
  amount === null ? { amount } : { amount, currency }

/** In the steps that Odoo has too: a negotiation is a proposal there. */
export const roughly = (step: string): string => (step === "negotiation" ? "proposal" : step)

export const steps = (step: string): StoredRecord["fields"] => ({ step, roughStep: roughly(step) })
