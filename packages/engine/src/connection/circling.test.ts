import { assert, describe, it } from "vitest"
import { Circle } from "./circling.ts"

/** Cursors 0, 1, … that go on with `back` after `last`; how many are followed before it is noticed. */
const followed = (back: number, last: number): number => {
  const circle = new Circle(null)
  for (let steps = 1, at = 0; steps < 100_000; steps += 1) {
    if (circle.leadsBack({ at })) return steps
    at = at === last ? back : at + 1
  }
  return Number.POSITIVE_INFINITY
}

describe("a list that goes in circles", () => {
  it("is noticed at once where a page leads to itself, and within three times its length else", () => {
    assert.isAtMost(followed(0, 0), 3)
    for (const [back, last] of [
      [0, 1],
      [0, 99],
      [7, 1_000],
      [500, 503],
    ] as const)
      assert.isAtMost(followed(back, last), 3 * (last + 1), `${back} after ${last}`)
  })

  it("is none where each cursor is another", () => {
    const circle = new Circle(null)
    for (let at = 0; at < 10_000; at += 1) assert.isFalse(circle.leadsBack({ at }))
  })
})
