/** The questions that people are asked about identity, and whether each had to be asked. */
import type { Label } from "../dataset/things.ts"
import type { Evidence } from "./evidence.ts"
import type { Register } from "./register.ts"

export interface ParkedPair {
  readonly record: string
  readonly label: Label | null
  readonly candidate: string
  readonly candidateLabels: ReadonlyArray<Label>
  /** False: the records alone would have told, and a person was bothered for nothing. */
  readonly ambiguous: boolean
}

export const parkedPairs = (evidence: Evidence, register: Register): ReadonlyArray<ParkedPair> => {
  const isAmbiguous = (label: Label | null): boolean => label !== null && evidence.truth.ambiguous[label] !== undefined
  return evidence.listed.questions.flatMap((question) => {
    const record = register.keyOf(question)
    const label = register.labelOf(record)
    return question.candidates.map((candidate): ParkedPair => {
      const candidateLabels = register.labelsOf(candidate)
      const ambiguous = isAmbiguous(label) && candidateLabels.every(isAmbiguous)
      return { record, label, candidate, candidateLabels, ambiguous }
    })
  })
}
