import { assert, beforeAll, describe, expect, it } from "vitest"
import * as Effect from "effect/Effect"
import { explainedVariance } from "../../../src/analysis/explained-variance.ts"
import { metaLatents } from "../../../src/analysis/meta-sae/meta-latents.ts"
import { randomUnitRows } from "../../../src/random/random-unit-rows.ts"
import { trainMetaSae } from "../../../src/analysis/meta-sae/train-meta-sae.ts"
import * as Rng from "../../../src/random/rng.ts"
import { loadTestEngine } from "../../engine.ts"

beforeAll(loadTestEngine)

describe("the decoder variance explained", () => {
  it("is 1 minus the squared error over the variance about the mean row", () => {
    // Rows (1, 0), (0, 1): mean (.5, .5), variance 4 * .25 = 1. Errors: .3^2 + .1^2 = .1.
    const W = Float32Array.from([1, 0, 0, 1])
    expect(explainedVariance(W, Float32Array.from([0.7, 0, 0, 0.9]), 2)).toBeCloseTo(0.9, 6)
    expect(explainedVariance(W, W, 2)).toBe(1)
    expect(explainedVariance(W, Float32Array.from([0.5, 0.5, 0.5, 0.5]), 2)).toBe(0)
  })

  it("counts a constant error, and is not helped by a large mean", () => {
    const x = Float32Array.from([101, 99])
    expect(explainedVariance(x, Float32Array.from([102, 100]), 1)).toBe(0)
    expect(explainedVariance(x, Float32Array.from([100, 100]), 1)).toBe(0)
  })
})

describe("the lists of a meta-SAE", () => {
  it("give each latent its meta-latents and each meta-latent its strongest latents, strongest first", () => {
    const codes = {
      rows: 3,
      d_sae: 3,
      offsets: Uint32Array.from([0, 2, 2, 3]),
      latents: Uint32Array.from([0, 2, 0]),
      values: Float32Array.from([0.25, 0.75, 0.5])
    }
    expect(metaLatents(codes, 1)).toEqual({
      latents: [
        { ids: [2, 0], activations: [0.75, 0.25] },
        { ids: [], activations: [] },
        { ids: [0], activations: [0.5] }
      ],
      meta_latents: [
        { ids: [2], activations: [0.5], count: 2 },
        { ids: [], activations: [], count: 0 },
        { ids: [0], activations: [0.75], count: 1 }
      ],
      dead: [1],
      l0: 1
    })
  })
})

describe("a meta-SAE", () => {
  it("explains a decoder made of few directions far better than random directions, and finds the directions", async () => {
    // 400 latents, each the sum of 2 of 24 directions in 32 dimensions.
    const [d, parts, latents] = [32, 24, 400]
    const rng = Rng.make(7, "composed decoder")
    const directions = randomUnitRows(parts, d, 11)
    const W_dec = new Float32Array(latents * d)
    const members = Array.from({ length: latents }, () => {
      const first = rng.int(parts)
      return [first, (first + 1 + rng.int(parts - 1)) % parts] as const
    })
    members.forEach(([a, b], j) => {
      for (let i = 0; i < d; i++) W_dec[j * d + i] = 3 * (directions[a * d + i]! + directions[b * d + i]!)
    })
    const { file } = await Effect.runPromise(
      trainMetaSae({ W_dec, d_in: d }, { d_sae: 32, k: 2, steps: 800, batch_rows: 256, lr: 3e-3, seed: 0, top: 5 })
    )
    assert.isAbove(file.decoder_variance_explained, 0.8)
    assert.isBelow(file.random_variance_explained, file.decoder_variance_explained - 0.3)
    expect(file.latents).toHaveLength(latents)
    // Latents that share a planted direction share a meta-latent: the strongest latents of a meta-latent do.
    const used = file.meta_latents.filter(({ count }) => count >= 10)
    expect(used.length).toBeGreaterThan(15)
    const sharing = used.filter(({ ids }) =>
      Array.from({ length: parts }, (_, part) => part).some((part) => ids.every((j) => members[j]!.includes(part)))
    )
    expect(sharing.length / used.length).toBeGreaterThan(0.8)
  })
})
