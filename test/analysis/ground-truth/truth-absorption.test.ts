import { describe, expect, it } from "vitest"
import { truthAbsorption } from "../../../src/analysis/ground-truth/truth-absorption.ts"

/**
 * Features e0, e1 (which fires only with e0), e2. Latent 0 points along e0, latent 1 along e0 + e1, latent 2 along e2. Rows: four of e0
 * alone, two of e0 and e1, three of e2, each 100 times.
 */
const world = (absorbs: boolean, parent: Int32Array | undefined) => {
  const half = Math.SQRT1_2
  const W_dec = Float32Array.of(2, 0, 0, half, half, 0, 0, 0, 1)
  const kinds = [
    ...Array.from({ length: 4 }, () => ({ features: [0], codes: [[0, 0.5]] })),
    ...Array.from({ length: 2 }, () => ({
      features: [0, 1],
      codes: absorbs
        ? [[1, Math.SQRT2]]
        : [
            [0, 0.25],
            [1, half]
          ]
    })),
    ...Array.from({ length: 3 }, () => ({ features: [2], codes: [[2, 1]] }))
  ]
  const rows = kinds.flatMap((kind) => Array.from({ length: 100 }, () => kind))
  const [start, offsets] = [[0], [0]]
  for (const { features, codes } of rows) {
    start.push(start.at(-1)! + features.length)
    offsets.push(offsets.at(-1)! + codes.length)
  }
  const feature = Int32Array.from(rows.flatMap(({ features }) => features))
  return truthAbsorption(
    {
      rows: rows.length,
      d_sae: 3,
      offsets: Uint32Array.from(offsets),
      latents: Uint32Array.from(rows.flatMap(({ codes }) => codes.map(([latent]) => latent!))),
      values: Float32Array.from(rows.flatMap(({ codes }) => codes.map(([, value]) => value!)))
    },
    W_dec,
    // Of features that are the axes.
    [1, 0, 0, half, half, 0, 0, 0, 1],
    {
      d_in: 3,
      features: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
      start: Int32Array.from(start),
      feature,
      magnitude: new Float32Array(feature.length).fill(1),
      parent
    },
    0.9
  )
}

describe("absorption of known features", () => {
  it("is where a latent is silent and another one stands in: in all rows with the child, a third of the parent's", () => {
    const { perFeature, rate, rateWithChild, intervals } = world(true, Int32Array.of(-1, 0, -1))
    // Feature 1 has no latent of its own: the cosine is 0.71.
    expect(perFeature.map(({ feature, latent, rows, absorbed }) => [feature, latent, rows, absorbed])).toEqual([
      [0, 0, 600, 200],
      [2, 2, 300, 0]
    ])
    expect(perFeature[0]).toMatchObject({ rows_with_child: 200, absorbed_with_child: 200 })
    expect(rate).toBeCloseTo(1 / 6, 12)
    expect(rateWithChild).toBe(1)
    expect(intervals["rate"]!.low).toBeLessThan(1 / 6)
    expect(intervals["rate"]!.high).toBeGreaterThan(1 / 6)
  })

  it("is none where the feature's latent fires beside the other one, and has no children where features have no parents", () => {
    expect(world(false, Int32Array.of(-1, 0, -1))).toMatchObject({ rate: 0, rateWithChild: 0 })
    expect(world(true, undefined).rateWithChild).toBeUndefined()
  })
})
