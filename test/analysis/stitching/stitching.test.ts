import { beforeAll, describe, expect, it } from "vitest"
import * as fc from "fast-check"
import { components } from "../../../src/analysis/stitching/components.ts"
import { cosineEdges, nearestRows } from "../../../src/analysis/decoder-cosine.ts"
import { encodeLatents } from "../../../src/analysis/latent-codes.ts"
import { mergeLatents } from "../../../src/analysis/stitching/merge-latents.ts"
import { selfContained } from "../../../src/analysis/stitching/self-contained-sae.ts"
import { directMse } from "../../../src/analysis/stitching/stitch-check.ts"
import { deltaMse, stitchPass } from "../../../src/analysis/stitching/stitch-pass.ts"
import { stitchPath } from "../../../src/analysis/stitching/stitch-path.ts"
import { stitchState } from "../../../src/analysis/stitching/stitch-state.ts"
import { stitchedSae } from "../../../src/analysis/stitching/stitched-sae.ts"
import { topkThreshold, withThreshold } from "../../../src/analysis/stitching/topk-threshold.ts"
import type { SaeWeights } from "../../../src/kinds/sae/stored/sae-weights.ts"
import { makeSaeModel } from "../../../src/sae/sae-model.ts"
import { loadTestEngine } from "../../engine.ts"
import { denseMse, randomRows, randomSae } from "../random-sae.ts"

beforeAll(loadTestEngine)

/** The engine's z is f32: a latent within rounding of its threshold may differ from the dense f64 arithmetic. */
const close = (actual: number, expected: number) => expect(actual / expected).toBeCloseTo(1, 4)

const collected = (small: SaeWeights, large: SaeWeights, x: Float32Array<ArrayBuffer>) => {
  const pass = stitchPass(small, large)
  const half = Math.floor(x.length / small.d_in / 2) * small.d_in
  const [a, b] = [makeSaeModel(small), makeSaeModel(large)]
  for (const rows of [x.slice(0, half), x.slice(half)]) {
    pass.add(rows, { small: encodeLatents(rows, a), large: encodeLatents(rows, b) })
  }
  a.dispose()
  b.dispose()
  return pass.finish()
}

const sizes = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  d: fc.integer({ min: 2, max: 7 }),
  m: fc.integer({ min: 1, max: 6 }),
  M: fc.integer({ min: 1, max: 9 })
})

describe("the closed form", () => {
  it("gives the change of MSE that brute force gives, for every latent of random SAEs", () => {
    fc.assert(
      fc.property(sizes, ({ seed, d, m, M }) => {
        const data = collected(randomSae(seed, d, m), randomSae(seed + 1, d, M), randomRows(seed, 40, d))
        const x = randomRows(seed, 40, d)
        const delta = deltaMse(data)
        const before = denseMse(x, data.small)
        close(data.mse, before)
        for (let j = 0; j < M; j++) {
          const present = new Uint8Array(m + M).fill(1, 0, m)
          present[m + j] = 1
          const after = denseMse(x, stitchedSae(data, { present, biasShare: 0 }))
          close(data.mse + delta[j]!, after)
        }
      }),
      { numRuns: 25 }
    )
  })

  it("follows any sequence of flips with cross terms, the bias moving too", () => {
    fc.assert(
      fc.property(sizes, fc.infiniteStream(fc.nat()), ({ seed, d, m, M }, choices) => {
        // Few rows: what large flips change is then summed by row.
        const x = randomRows(seed, 10, d)
        const data = collected(randomSae(seed, d, m), randomSae(seed + 1, d, M), x)
        const state = stitchState(data)
        for (let step = 0; step < 4; step++) {
          const count = 1 + (choices.next().value! % (m + M))
          const latents = [...new Set(Array.from({ length: count }, () => choices.next().value! % (m + M)))]
          const flip = { latents, signs: latents.map((j) => (state.present[j] === 1 ? (-1 as const) : (1 as const))) }
          state.apply(flip, state.curvature(flip), 0.2)
          close(state.mse(), denseMse(x, stitchedSae(data, { present: state.present, biasShare: state.biasShare() })))
        }
      }),
      { numRuns: 25 }
    )
  })

  it("is negative for a latent that the small SAE lacks and positive for a copy of one it has", () => {
    // One latent reads e1; rows are (t, u): the large SAE copies it and adds one that reads e2.
    const axis = (columns: ReadonlyArray<readonly [number, number]>): SaeWeights => ({
      d_in: 2,
      d_sae: columns.length,
      activation: { type: "relu" },
      apply_b_dec_to_input: false,
      W_enc: Float32Array.from([...columns.map((c) => c[0]), ...columns.map((c) => c[1])]),
      W_dec: Float32Array.from(columns.flat()),
      b_enc: new Float32Array(columns.length),
      b_dec: new Float32Array(2),
      threshold: undefined
    })
    const small = axis([[1, 0]])
    const large = axis([
      [1, 0],
      [0, 1]
    ])
    const data = collected(small, large, Float32Array.from([1, 2, 3, 4]))
    // Small: x_hat = (t, 0), MSE = (4 + 16) / 2. Adding a copy: x_hat = (2t, 0), error (t, -u): + (1 + 9) / 2.
    expect(data.mse).toBe(10)
    expect([...deltaMse(data)]).toEqual([5, -10])
    // Variance about the mean (2, 3): (1 + 1 + 1 + 1) / 2.
    expect(data.variance).toBe(2)
  })
})

describe("the path", () => {
  it("starts at the small SAE and ends in exactly the large one, whatever the graph and the bias rule", () => {
    fc.assert(
      fc.property(
        sizes,
        fc.constantFrom("best" as const, "last_step" as const, "interpolate" as const),
        fc.double({ min: 0, max: 0.95, noNaN: true }),
        ({ seed, d, m, M }, rule, threshold) => {
          const x = randomRows(seed, 30, d)
          const data = collected(randomSae(seed, d, m), randomSae(seed + 1, d, M), x)
          const edges = cosineEdges(data.large.W_dec, data.small.W_dec, d, threshold)
          const { steps, state } = stitchPath(data, components(m, M, edges), rule)
          const last = steps.at(-1)!
          expect(steps[0]!.mse).toBe(data.mse)
          expect(last.latents).toBe(M)
          // Every latent moves exactly once.
          expect(steps.flatMap((step) => step.added).toSorted((a, b) => a - b)).toEqual(
            Array.from({ length: M }, (_, j) => j)
          )
          expect(steps.flatMap((step) => step.removed).toSorted((a, b) => a - b)).toEqual(
            Array.from({ length: m }, (_, j) => j)
          )
          // Weight for weight the large SAE.
          expect(stitchedSae(data, { present: state.present, biasShare: state.biasShare() })).toEqual(
            selfContained(data.large)
          )
          const check = directMse(data, [
            { present: new Uint8Array(m + M).fill(1, 0, m), biasShare: 0 },
            { present: state.present, biasShare: state.biasShare() }
          ])
          const half = Math.floor(x.length / d / 2) * d
          check.add(x.slice(0, half))
          check.add(x.slice(half))
          const [first, end] = check.finish()
          expect(first).toBe(data.mse)
          expect(last.mse / end!).toBeCloseTo(1, 9)
          close(end!, denseMse(x, data.large))
        }
      ),
      { numRuns: 25 }
    )
  })

  it("inserts while an insertion lowers the MSE, best first, and takes the rest in order of their change", () => {
    const d = 6
    const data = collected(randomSae(3, d, 4), randomSae(4, d, 12), randomRows(5, 200, d))
    const parts = components(4, 12, cosineEdges(data.large.W_dec, data.small.W_dec, d, 0.6))
    const { steps } = stitchPath(data, parts, "last_step")
    const inserts = steps.filter((step) => step.phase === "insert")
    expect(inserts.length).toBeGreaterThan(1)
    for (let n = 1; n <= inserts.length; n++) expect(steps[n]!.mse).toBeLessThan(steps[n - 1]!.mse)
    // The first insertion is the isolated latent with the lowest change alone.
    const alone = parts.filter((part) => part.small.length === 0).map((part) => part.large[0]!)
    const delta = deltaMse(data)
    const lowest = alone.reduce((a, b) => (delta[b]! < delta[a]! ? b : a))
    expect(inserts[0]!.added).toEqual([lowest])
    expect(steps[1]!.mse - steps[0]!.mse).toBeCloseTo(delta[lowest]!, 10)
  })
})

describe("merging", () => {
  it("knows the MSE of what it makes, lowers it below the first SAE's, and keeps to the size", () => {
    fc.assert(
      fc.property(sizes, fc.option(fc.integer({ min: 1, max: 12 })), ({ seed, d, m, M }, most) => {
        const x = randomRows(seed, 40, d)
        const data = collected(randomSae(seed, d, m), randomSae(seed + 1, d, M), x)
        const merged = mergeLatents(data, most)
        const sae = { ...stitchedSae(data, { present: merged.present, biasShare: 0 }), b_dec: merged.b_dec }
        close(merged.mse, denseMse(x, sae))
        expect(merged.mse).toBeLessThanOrEqual(merged.mse_before_bias)
        if (most === null) expect(merged.mse_before_bias).toBeLessThanOrEqual(data.mse)
        else expect(sae.d_sae).toBeLessThanOrEqual(most)
        // No other b_dec is better, and no latent that is in it does harm.
        for (let i = 0; i < d; i++) {
          const b_dec = sae.b_dec.map((b, at) => b + (at === i ? 0.1 : 0))
          expect(denseMse(x, { ...sae, b_dec })).toBeGreaterThan(merged.mse)
        }
      }),
      { numRuns: 25 }
    )
  })

  it("takes what the first SAE lacks and no copy of what it has, and gives up what is worth least", () => {
    const d = 3
    const reads = (...axes: ReadonlyArray<number>): SaeWeights => {
      const row = (axis: number) => Array.from({ length: d }, (_, i) => (i === axis ? 1 : 0))
      return {
        d_in: d,
        d_sae: axes.length,
        activation: { type: "relu" },
        apply_b_dec_to_input: false,
        W_enc: Float32Array.from(Array.from({ length: d }, (_, i) => axes.map((axis) => (axis === i ? 1 : 0))).flat()),
        W_dec: Float32Array.from(axes.flatMap(row)),
        b_enc: new Float32Array(axes.length),
        b_dec: new Float32Array(d),
        threshold: undefined
      }
    }
    // The third number varies most, the first least.
    const x = Float32Array.from({ length: 60 }, (_, i) => ((i % 3) + 1) * ((i * 7) % 10))
    const data = collected(reads(0, 1), reads(1, 2), x)
    expect([...mergeLatents(data, null).present]).toEqual([1, 1, 0, 1])
    expect([...mergeLatents(data, 2).present]).toEqual([0, 1, 0, 1])
  })
})

describe("the graph of decoder cosines", () => {
  it("finds the nearest row and the edges above a threshold", () => {
    const a = Float32Array.from([2, 0, 0, 3, 1, 1])
    const b = Float32Array.from([1, 0, 0, -5])
    const { cosine, index } = nearestRows(a, b, 2)
    expect([...index]).toEqual([0, 0, 0])
    expect(cosine[0]).toBeCloseTo(1, 6)
    expect(cosine[1]).toBeCloseTo(0, 6)
    expect(cosine[2]).toBeCloseTo(Math.SQRT1_2, 6)
    expect([...cosineEdges(a, b, 2, 0.7)]).toEqual([
      [0, 0],
      [0, 2]
    ])
  })

  it("makes one component of latents that are linked through others, and leaves the rest alone", () => {
    expect(
      components(3, 4, [
        [0, 1],
        [0, 2],
        [1, 2]
      ])
    ).toEqual([
      { small: [], large: [0] },
      { small: [0, 1], large: [1, 2] },
      { small: [], large: [3] },
      { small: [2], large: [] }
    ])
  })
})

describe("TopK SAEs", () => {
  const topk = (k: number): SaeWeights => ({
    ...randomSae(9, 4, 8),
    activation: { type: "topk", k },
    threshold: undefined
  })

  it("are refused without a threshold", () => {
    expect(() => stitchPass(topk(2), topk(2))).toThrow(/threshold/)
    expect(selfContained(withThreshold(topk(2), 0.5)).threshold![3]).toBe(0.5)
  })

  it("get the mean of the smallest active values as their threshold", () => {
    const model = makeSaeModel({
      ...topk(2),
      d_in: 1,
      d_sae: 3,
      W_enc: Float32Array.from([1, 2, 3]),
      b_enc: new Float32Array(3),
      b_dec: new Float32Array(1),
      W_dec: Float32Array.from([1, 1, 1])
    })
    const threshold = topkThreshold()
    // Rows 1 and 5: z = (1, 2, 3) and (5, 10, 15), the second largest are 2 and 10. Row -1 has no active latent.
    threshold.add(encodeLatents(Float32Array.from([1, -1]), model))
    threshold.add(encodeLatents(Float32Array.from([5]), model))
    model.dispose()
    expect(threshold.finish()).toBe(6)
  })
})
