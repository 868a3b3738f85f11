import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import * as Rng from "../../src/random/rng.ts"
import { normalQuantile } from "../../src/numeric/normal-quantile.ts"
import { composedDirections, featureDirections } from "../../src/synthetic/feature-directions.ts"
import { featureStrengths, weakened } from "../../src/synthetic/feature-strengths.ts"
import { compensated, featureTree } from "../../src/synthetic/feature-tree.ts"
import { type FiringSettings, makeFiring, zipfProbabilities } from "../../src/synthetic/firing.ts"
import { loadTestEngine } from "../engine.ts"

beforeAll(loadTestEngine)

const settings: FiringSettings = {
  probabilities: [],
  zipf_exponent: 0.5,
  max_probability: 0.3,
  min_probability: 0.05,
  correlation_rank: 0,
  correlation_scale: 0,
  exclusive: true,
  first_magnitude: 5,
  last_magnitude: 4,
  deviation_mean: 0,
  deviation_spread: 0
}

const frequencies = (
  features: number,
  sample: (rng: Rng.Rng) => { readonly features: ReadonlyArray<number> },
  rows = 20_000
) => {
  const counts = new Float64Array(features)
  const rng = Rng.make(3, "rows")
  for (let row = 0; row < rows; row++)
    for (const id of sample(rng).features) counts[id] = (counts[id] as number) + 1 / rows
  return counts
}

it("probabilities are SAELens' zipfian ones", () => {
  // sae-lens 6.54.12: zipfian_firing_probabilities(5, exponent=0.5, max_prob=0.4, min_prob=5e-4)
  const wanted = [0.4, 0.18832539, 0.09455007, 0.03864886, 0.0005]
  for (const [i, p] of zipfProbabilities(5, 0.5, 0.4, 5e-4).entries()) expect(p).toBeCloseTo(wanted[i] as number, 6)
})

it("the normal quantile is SciPy's to 1e-5", () => {
  for (const [p, z] of [
    [0.5, 0],
    [0.975, 1.959963984540054],
    [0.999, 3.090232306167813],
    [0.1, -1.2815515655446004]
  ] as const) {
    expect(normalQuantile(p)).toBeCloseTo(z, 4)
  }
})

it("a tree is built level by level, and what is left over stands alone", () => {
  const { parent, children } = featureTree(12, 2, 2, 2)
  expect([...parent]).toEqual([-1, -1, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
  expect(children[0]).toEqual([2, 3])
  expect([...featureTree(9, 1, 2, 1).parent]).toEqual([-1, 0, 0, -1, -1, -1, -1, -1, -1])
})

describe("firing", () => {
  it("is as frequent as meant, independent or correlated", () => {
    const tree = featureTree(20, 0, 2, 0)
    for (const correlation_rank of [0, 3]) {
      const { probabilities, sample } = makeFiring(
        20,
        tree,
        { ...settings, correlation_rank, correlation_scale: 0.3 },
        Rng.make(1, "world")
      )
      // Five standard errors of a share of 20,000 rows.
      for (const [i, share] of frequencies(20, sample).entries()) {
        const p = probabilities[i] as number
        expect(Math.abs(share - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / 20_000) + 1e-5)
      }
    }
  })

  it("of children is with their parent only, and of one sibling at most where they are exclusive", () => {
    const tree = featureTree(14, 2, 2, 2)
    const { sample } = makeFiring(14, tree, settings, Rng.make(1, "world"))
    const rng = Rng.make(2, "rows")
    for (let row = 0; row < 3000; row++) {
      const active = new Set(sample(rng).features)
      for (const id of active) expect(tree.parent[id] === -1 || active.has(tree.parent[id] as number)).toBe(true)
      for (const siblings of tree.children)
        expect(siblings.filter((id) => active.has(id)).length).toBeLessThanOrEqual(1)
    }
  })

  it("of a child is about as frequent as meant: what the hierarchy takes is given back", () => {
    const tree = featureTree(6, 2, 2, 1)
    const wanted = { ...settings, max_probability: 0.4, min_probability: 0.03, exclusive: false }
    const { probabilities, sample } = makeFiring(6, tree, wanted, Rng.make(1, "world"))
    for (const [i, share] of frequencies(6, sample).entries()) {
      expect(Math.abs(share - (probabilities[i] as number))).toBeLessThan(0.02)
    }
    // 0.1 / 0.4 for the parent, and 1 + 0.2 / 0.4 for its sibling.
    const pair = featureTree(3, 1, 2, 1)
    expect([...compensated(Float64Array.of(0.4, 0.1, 0.2), pair, true)].map((p) => p.toFixed(4))).toEqual([
      "0.4000",
      "0.3750",
      "0.6250"
    ])
  })

  it("has the magnitudes asked for: 5 for the first feature, 4 for the last", () => {
    const { sample } = makeFiring(
      3,
      featureTree(3, 0, 2, 0),
      { ...settings, max_probability: 0.9 },
      Rng.make(1, "world")
    )
    const rng = Rng.make(2, "rows")
    for (let row = 0; row < 50; row++) {
      const { features, magnitudes } = sample(rng)
      expect(magnitudes).toEqual(features.map((id) => 5 - id / 2))
    }
  })
})

describe("directions", () => {
  it("move apart, and keep length one", () => {
    const largest = (steps: number): number => {
      const rows = featureDirections(24, 16, { steps, lr: 0.01, seed: 1 })
      const dots = tf.tidy(() => {
        const E = tf.tensor2d(rows, [24, 16])
        return tf.matMul(E, E, false, true)
      })
      const values = dots.dataSync<"float32">()
      dots.dispose()
      expect(values[25]).toBeCloseTo(1, 4)
      return Math.max(...values.map((x, at) => (at % 25 === 0 ? 0 : Math.abs(x))))
    }
    expect(largest(100)).toBeLessThan(0.7 * largest(0))
  })

  it("of compositions are unit sums of one part of every group, the last group's fastest", () => {
    const parts = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1)
    const [half, d] = [Math.SQRT1_2, 3]
    const rows = composedDirections(parts, d, [1, 2])
    expect([...rows].map((x) => x.toFixed(4))).toEqual([half, half, 0, half, 0, half].map((x) => x.toFixed(4)))
  })
})

it("a world that lacks features, or has them weaker, is the same one otherwise", () => {
  const strength = featureStrengths(40, { absent: 0.1, weak: 0.25, weak_factor: 0.5, seed: 3 })
  expect([0, 0.5, 1].map((s) => strength.filter((each) => each === s).length)).toEqual([4, 10, 26])
  const absent = strength.indexOf(0)
  const [weak, whole] = [strength.indexOf(0.5), strength.indexOf(1)]
  const row = { features: [weak, absent, whole], magnitudes: [4, 3, 2] }
  expect(weakened(row, strength)).toEqual({ features: [weak, whole], magnitudes: [2, 2] })
  expect(weakened(row, featureStrengths(40, { absent: 0, weak: 0, weak_factor: 0.2, seed: 3 }))).toEqual(row)
})
