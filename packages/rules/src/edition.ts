/**
 * Editions of these rules. A journal is decided again by the rules that decided it: each tenant's facts say from where on which
 * edition holds (`ConnectionOpened`), and a rule that decides otherwise than before asks for the edition that brought it.
 */
import { tenantDoc } from "./state/access.ts"
import type { Transaction } from "./state/transaction.ts"

/** What this code decides by where nobody has said otherwise; what each edition brought stands in `docs/rules.md`. */
export const EDITION = 3

/** Before editions were counted there was one. */
const FIRST = 1

/** Of the tenant whose fact is decided; never of the wall clock or of the code. */
export const editionOf = (tx: Transaction): number => tenantDoc(tx).edition ?? FIRST
