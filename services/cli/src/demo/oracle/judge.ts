/** The oracle: given who is who, is what the systems hold what a careful person would have made of it? */
import { type Divergence, divergent } from "./divergent.ts"
import { type Duplicate, duplicates } from "./duplicates.ts"
import type { Evidence } from "./evidence.ts"
import { type Missing, missing } from "./missing.ts"
import { type ParkedPair, parkedPairs } from "./parked.ts"
import { register } from "./register.ts"

export interface Verdict {
  readonly divergent: ReadonlyArray<Divergence>
  readonly duplicates: ReadonlyArray<Duplicate>
  readonly missing: ReadonlyArray<Missing>
  readonly parkedPairs: ReadonlyArray<ParkedPair>
  /** Live records that are no known thing and belong to no entity of one. */
  readonly unexplained: ReadonlyArray<string>
}

/** Pure: the same evidence, the same verdict. Throws where a connection is named that `connections` lacks. */
export const judge = (evidence: Evidence): Verdict => {
  const known = register(evidence)
  return {
    divergent: divergent(evidence, known),
    duplicates: duplicates(evidence, known),
    missing: missing(evidence, known),
    parkedPairs: parkedPairs(evidence, known),
    unexplained: [...known.live.keys()].filter((key) => known.labelOf(key) === null),
  }
}

/** Nothing diverges, nothing is there twice or lacking, nothing is a stranger, and every question had to be asked. */
export const isContent = (verdict: Verdict): boolean =>
  verdict.divergent.length === 0 &&
  verdict.duplicates.length === 0 &&
  verdict.missing.length === 0 &&
  verdict.unexplained.length === 0 &&
  verdict.parkedPairs.every(({ ambiguous }) => ambiguous)
