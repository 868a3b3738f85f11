import { expect, it } from "vitest"
import { seedInterval } from "../../src/numeric/seed-interval.ts"
import { aloneWithSeed } from "../../src/plan/seed-means.ts"

it("an interval over seeds is SciPy's t interval", () => {
  // scipy 1.17.1: stats.t.interval(0.95, 2, loc=mean(v), scale=stats.sem(v)) for v = [0.31, 0.35, 0.27]
  const { mean, low, high } = seedInterval([0.31, 0.35, 0.27])
  expect(mean).toBeCloseTo(0.31, 12)
  expect(low).toBeCloseTo(0.21063449, 7)
  expect(high).toBeCloseTo(0.40936551, 7)
})

it("a stage of which there is one seed stands alone; one without a seed does not", () => {
  const stages = ["sae[width=1,seed=0]", "sae[width=2,seed=0]", "sae[width=2,seed=1]", "lm[seed=4]", "text"]
  expect(aloneWithSeed(stages.map((id) => ({ id })))).toEqual(["sae[width=1,seed=0]", "lm[seed=4]"])
})
