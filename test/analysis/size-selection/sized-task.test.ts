import { describe, expect, it } from "vitest"
import { sizedTask } from "../../../src/analysis/size-selection/sized-task.ts"

const task = { name: "reconstruction", metric: "explained_variance", better: "higher" } as const
const of = (d_sae: number, ...values: ReadonlyArray<number>) =>
  values.map((value) => ({ d_sae, value, interval: undefined }))

describe("the best size for a task", () => {
  it("is the best mean over seeds, with the noise of the difference to the next", () => {
    const { sizes, best } = sizedTask(task, [...of(512, 0.8, 0.82, 0.81), ...of(256, 0.7, 0.71, 0.72)])
    expect(sizes.map(({ d_sae, saes }) => [d_sae, saes])).toEqual([
      [256, 3],
      [512, 3]
    ])
    // Both have s = 0.01: t(2) s / sqrt(3) = 4.3027 x 0.0057735 = 0.02484 each.
    expect(best).toMatchObject({ d_sae: 512, next: 256 })
    expect(best?.by).toBeCloseTo(0.1, 10)
    expect(best?.noise).toBeCloseTo(0.02484 * Math.SQRT2, 4)
  })

  it("is the lowest where lower is better, with the result's own interval where it is alone", () => {
    const alone = (d_sae: number, value: number) => ({
      d_sae,
      value,
      interval: { low: value - 0.03, high: value + 0.03 }
    })
    const { best } = sizedTask({ ...task, better: "lower" }, [alone(256, 0.2), alone(512, 0.25)])
    expect(best?.d_sae).toBe(256)
    expect(best?.by).toBeCloseTo(0.05, 10)
    expect(best?.noise).toBeCloseTo(0.03 * Math.SQRT2, 10)
  })

  it("has the noise of the halves that face each other, where intervals are not even", () => {
    const share = (d_sae: number, value: number, low: number, high: number) => ({
      d_sae,
      value,
      interval: { low, high }
    })
    // Near zero an interval cannot go far down: what it may be above counts against the better one's lower half.
    const { best } = sizedTask(task, [share(256, 0.01, 0, 0.05), share(512, 0.06, 0.03, 0.2)])
    expect(best).toMatchObject({ d_sae: 512, next: 256 })
    expect(best?.noise).toBeCloseTo(Math.hypot(0.04, 0.03), 12)
  })

  it("is not told of one size, where neither way is better, and has no noise without intervals", () => {
    expect(sizedTask(task, of(256, 0.1, 0.2)).best).toBeNull()
    expect(sizedTask({ ...task, better: "neither" }, [...of(256, 0.1), ...of(512, 0.3)]).best).toBeNull()
    expect(sizedTask(task, [...of(256, 0.1), ...of(512, 0.3)]).best?.noise).toBeNull()
  })
})
