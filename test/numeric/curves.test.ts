import * as fc from "fast-check"
import { expect, it } from "vitest"
import { frontier } from "../../src/analysis/scaling/frontier.ts"
import { fitLogisticCurve } from "../../src/numeric/logistic-curve.ts"
import { fitPowerLaw, powerLawAt } from "../../src/numeric/power-law.ts"

it("a power law with a floor, and one without, is scipy's fit of the same points", () => {
  // scipy.optimize.curve_fit(f, x, y, sigma=y, bounds=(0, inf)), scipy 1.17: scale, exponent, floor.
  const y = [0.52, 0.405, 0.331, 0.287, 0.251, 0.236]
  const points = [128, 256, 512, 1024, 2048, 4096].map((x, i) => ({ x, y: y[i]! }))
  const { scale, exponent, floor, residual } = fitPowerLaw(points, true)
  for (const [own, theirs] of [
    [scale, 7.20193011],
    [exponent, 0.64182298],
    [floor, 0.20013481],
    [residual, 0.006714684]
  ] as const)
    expect(own).toBeCloseTo(theirs, 5)
  const plain = fitPowerLaw(points, false)
  expect([plain.scale, plain.exponent, plain.floor].map((value) => value.toFixed(5))).toEqual([
    "1.45131",
    "0.22776",
    "0.00000"
  ])
})

it("the law that points were made of is found again, whatever the unit of x", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.1, max: 2, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: -3, max: 15, noNaN: true }),
      (exponent, floor, power) => {
        const unit = 10 ** power
        const points = [1, 2, 4, 8, 16, 64].map((x) => ({ x: x * unit, y: floor + x ** -exponent }))
        const law = fitPowerLaw(points, true)
        for (const { x, y } of points) expect(Math.abs(powerLawAt(law, x) / y - 1)).toBeLessThan(1e-4)
      }
    ),
    { numRuns: 30 }
  )
  expect(
    fitPowerLaw(
      [
        { x: 1, y: 1 },
        { x: 2, y: 0.5 }
      ],
      true
    ).exponent
  ).toBeNaN()
})

it("a logistic curve is scikit-learn's with the same penalty, and a weight of two is two points", () => {
  const x = [-4, -3.5, -3.2, -3, -2.8, -2.5, -2.2, -2, -1.5, -1]
  const yes = [0, 0, 0, 1, 0, 1, 0, 1, 1, 1]
  // LogisticRegression(C=1e3) on x less its mean, scikit-learn 1.8.
  const { slope, middle } = fitLogisticCurve(x, yes)
  expect(slope).toBeCloseTo(2.437482, 4)
  expect(middle).toBeCloseTo(-2.603134, 5)
  const twice = fitLogisticCurve([...x, x[3]!], [...yes, yes[3]!])
  expect(
    fitLogisticCurve(
      x,
      yes,
      x.map((_, i) => (i === 3 ? 2 : 1))
    ).slope
  ).toBeCloseTo(twice.slope, 8)
  expect(
    fitLogisticCurve(
      x,
      x.map(() => 1)
    ).slope
  ).toBeNaN()
})

it("of the frontier is what no cheaper training is as good as", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ x: fc.integer({ min: 1, max: 9 }), y: fc.integer({ min: 1, max: 9 }) })),
      (points) => {
        const found = frontier(points)
        for (const point of points) expect(found.some(({ x, y }) => x <= point.x && y <= point.y)).toBe(true)
        expect(found.every(({ y }, i) => i === 0 || y < found[i - 1]!.y)).toBe(true)
      }
    )
  )
})
