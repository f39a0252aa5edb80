/** The order of the test files: those that take minutes begin first, so that none of them is left over for the end. */
import { BaseSequencer, type TestSpecification } from "vitest/node"

const LONGEST = [
  "test/e2e/demo.test.ts",
  "test/fuzz/fuzz.integration.test.ts",
  "test/e2e/outages.test.ts",
  "test/field/field.test.ts",
  "test/e2e/production.test.ts",
  "test/e2e/starting.test.ts",
  "test/processes/processes.integration.test.ts",
  "test/bench/bench.test.ts",
  "test/simulation/simulation.test.ts",
  "test/migration/command.integration.test.ts",
]

const rank = ({ moduleId }: TestSpecification): number => {
  const at = LONGEST.findIndex((file) => moduleId.endsWith(file))
  return at === -1 ? LONGEST.length : at
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}
