import { expect, it } from "vitest"
import { deadShare } from "../../../src/analysis/scaling/scaling-stage.ts"

it("the dead share of SAEs of one size has Student's interval over them, within 0 and 1; one SAE's share is a count", () => {
  expect(deadShare([0.25])).toBe(0.25)
  // None dead in either of two is not 0 without noise.
  expect(deadShare([0, 0])).toBe(0)
  // t of one degree of freedom: 12.706 sd / sqrt(2) = 12.706 * 0.02
  expect(deadShare([0.4, 0.44])).toMatchObject({
    value: expect.closeTo(0.42, 9) as number,
    low: expect.closeTo(0.42 - 12.7062 * 0.02, 4) as number,
    high: expect.closeTo(0.42 + 12.7062 * 0.02, 4) as number
  })
  expect(deadShare([0.01, 0.05])).toMatchObject({ low: 0 })
})
