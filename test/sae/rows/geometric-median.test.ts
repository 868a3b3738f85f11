import { expect, it } from "vitest"
import { geometricMedian } from "../../../src/sae/rows/geometric-median.ts"

it("is the middle of three points on a line, where the mean is not", () => {
  const median = geometricMedian(Float32Array.of(0, 0, 1, 0, 100, 0), 2, 1e-9, 10_000)
  expect(median[0]).toBeCloseTo(1, 2)
  expect(median[1]).toBeCloseTo(0, 6)
})

it("is the centre of a square, even when the mean starts on a data point", () => {
  const median = geometricMedian(Float32Array.of(1, 1, -1, 1, 1, -1, -1, -1, 0, 0), 2)
  expect([...median].every((value) => Math.abs(value) < 1e-6)).toBe(true)
})

it("minimises the sum of distances: moving away from it in any direction adds to it", () => {
  const points = Float32Array.of(3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8)
  const sum = (a: number, b: number) =>
    [0, 1, 2, 3, 4, 5].reduce(
      (s, i) => s + Math.hypot((points[2 * i] as number) - a, (points[2 * i + 1] as number) - b),
      0
    )
  const [a, b] = geometricMedian(points, 2, 1e-9) as unknown as [number, number]
  for (const [x, y] of [
    [0.01, 0],
    [-0.01, 0],
    [0, 0.01],
    [0, -0.01]
  ] as const) {
    expect(sum(a + x, b + y)).toBeGreaterThan(sum(a, b))
  }
})
