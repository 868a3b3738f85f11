import { expect, it } from "vitest"
import { crossEntropyFigures } from "../../../src/analysis/stitching/cross-entropy-figures.ts"
import { crossEntropyExcess } from "../../../src/analysis/stitching/measure-saes.ts"

/** Contexts of eight predictions whose losses are between 1 and 7 nats each. */
const targets = Array.from({ length: 40 }, () => 8)
const clean = targets.map((n, c) => n * (1 + (6 * ((7 * c) % 40)) / 39))
/** So much more a token in each context. */
const costing = (nats: number, spread = 0): ReadonlyArray<number> =>
  clean.map((loss, c) => loss + 8 * (nats + (c % 2 === 0 ? spread : -spread)))

it("the interval of a stitched SAE's cross-entropy is that of what it costs, not of how hard the contexts are", () => {
  const { file } = crossEntropyFigures(
    { targets, clean, stitched: [costing(0.2), costing(0.1, 0.05)] },
    [
      { step: 0, latents: 64, present: new Uint8Array(), biasShare: 0 },
      { step: 9, latents: 128, present: new Uint8Array(), biasShare: 1 }
    ],
    [],
    []
  )
  const [same, spread] = file.path
  expect(file.clean).toBeCloseTo(4, 12)
  expect(same?.ce).toBeCloseTo(4.2, 12)
  // A cost that is the same in every context has no noise.
  expect((same?.high ?? 4.2) - (same?.low ?? 4.2)).toBeCloseTo(0, 9)
  expect(spread?.ce).toBeCloseTo(4.1, 12)
  const half = ((spread?.high ?? 0) - (spread?.low ?? 0)) / 2
  // 1.96 x 0.05 / sqrt(40)
  expect(half).toBeGreaterThan(0.01)
  expect(half).toBeLessThan(0.02)
})

it("a difference of cross-entropies is taken on the same contexts", () => {
  const measured = (ce: ReadonlyArray<number>) => ({ contexts: { ce, targets } })
  const { ce, interval } = crossEntropyExcess([[measured(costing(0.3, 0.01)), measured(costing(0.1))]])
  expect(ce).toBeCloseTo(0.2, 12)
  expect(interval?.low).toBeGreaterThan(0.19)
  expect(interval?.high).toBeLessThan(0.21)
  expect(crossEntropyExcess([[{ contexts: undefined }, measured(clean)]]).ce).toBeNaN()
})
