/** The order of the test files: the simulation's seeds begin first, since they take about as long as all the others together. */
import { BaseSequencer, type TestSpecification } from "vitest/node"

const LONGEST = "test/simulation/seeds.test.ts"

export class LongestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    const isLongest = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith(LONGEST)
    const sorted = await super.sort(files)
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))]
  }
}
