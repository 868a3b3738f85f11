import { beforeAll, describe, expect, it } from "vitest"
import { kSparseGap } from "../../../src/analysis/absorption/k-sparse-gap.ts"
import { letterAbsorption, type LetterAbsorption } from "../../../src/analysis/absorption/letter-absorption.ts"
import { paperThresholds } from "../../../src/analysis/absorption/ablation-verdict.ts"
import { whyNotEvaluated } from "../../../src/analysis/absorption/why-not-evaluated.ts"
import { saeBenchThresholds } from "../../../src/analysis/absorption/word-absorption.ts"
import type { LatentCodes } from "../../../src/analysis/latent-codes.ts"
import { randomUnitRows } from "../../../src/random/random-unit-rows.ts"
import * as Rng from "../../../src/random/rng.ts"
import { loadTestEngine } from "../../engine.ts"

beforeAll(loadTestEngine)

/**
 * A residual stream of a letter direction and small noise, and a hand-made SAE on it: latent l (0-25) fires for letter l,
 * except in the absorbed words, where a latent of the word's own (26, 27, ...) carries the letter direction with a part
 * of its own and the letter's latent is silent.
 */
const planted = (absorbedPerLetter: ReadonlyArray<number>, decoderScale: number) => {
  const [d, perLetter] = [64, 20]
  const count = absorbedPerLetter.reduce((a, b) => a + b, 0)
  const unit = randomUnitRows(26 + count, d, 4)
  const rng = Rng.make(2, "planted absorption")
  const words: Array<string> = []
  const x: Array<number> = []
  const latents: Array<number> = []
  const letters: Array<number> = []
  const W_dec = new Float32Array((26 + count) * d)
  for (let l = 0; l < 26; l++) W_dec.set(unit.subarray(l * d, (l + 1) * d), l * d)
  let own = 26
  for (let l = 0; l < 26; l++) {
    for (let n = 0; n < perLetter; n++) {
      const absorbed = n < absorbedPerLetter[l]!
      words.push(`${String.fromCharCode(97 + l)}${"abcdefghijklmnopqrst".charAt(n)}${absorbed ? "x" : "o"}`)
      letters.push(l)
      latents.push(absorbed ? own : l)
      const direction = Array.from(unit.subarray(l * d, (l + 1) * d))
      if (absorbed) {
        const part = unit.subarray(own * d, (own + 1) * d)
        const mixed = direction.map((w, i) => w + 0.3 * part[i]!)
        const norm = Math.hypot(...mixed)
        W_dec.set(
          mixed.map((w) => w / norm),
          own * d
        )
        own++
      }
      x.push(...direction.map((w) => 10 * w + 0.2 * rng.normal()))
    }
  }
  for (let i = 0; i < W_dec.length; i++) W_dec[i]! *= decoderScale
  const codes: LatentCodes = {
    rows: words.length,
    d_sae: 26 + count,
    offsets: Uint32Array.from({ length: words.length + 1 }, (_, n) => n),
    latents: Uint32Array.from(latents),
    values: new Float32Array(words.length).fill(10 / decoderScale)
  }
  return {
    classes: [..."abcdefghijklmnopqrstuvwxyz"],
    words,
    letters: Uint8Array.from(letters),
    x: Float32Array.from(x),
    codes,
    W_dec
  }
}

const settings = {
  ...saeBenchThresholds,
  ...paperThresholds,
  ablated_words: 200,
  c: 1,
  min_probe_f1: 0.8,
  max_k: 3,
  f1_jump: 0.03,
  splits: 5,
  seed: 1,
  as_saebench: false,
  selection_tolerance: 1e-6
}
// One word of a, four of b, none of the others.
const absorbed = Array.from({ length: 26 }, (_, l) => (l === 0 ? 1 : l === 1 ? 4 : 0))

describe("the absorption of a planted SAE", () => {
  let result: LetterAbsorption
  beforeAll(() => {
    result = letterAbsorption(planted(absorbed, 1), settings)
  })

  it("is exactly what was planted: 1 of 20 words of a, 4 of 20 of b, no other, all of it full", () => {
    expect(result.probe.accuracy).toBe(1)
    expect(result.probe.letters).toBe(26)
    const rates = result.letters.map((letter) => letter.full_absorption_rate)
    expect(rates).toEqual(absorbed.map((n) => n / 20))
    expect(result.letters.map((letter) => letter.mean_absorption_fraction)).toEqual(rates)
    expect(result.mean_full_absorption).toBeCloseTo(5 / 20 / 26, 12)
  })

  it("names the letter's latent and the absorbers with their words", () => {
    const [a, b] = result.letters
    expect(a!.split_latents.map(({ latent }) => latent)).toEqual([0])
    expect(a!.split_latents[0]!.cosine).toBeGreaterThan(0.8)
    expect(a!.absorbers.map(({ latent, words }) => [latent, words])).toEqual([[26, ["aax"]]])
    expect(b!.absorbers.map(({ latent }) => latent)).toEqual([27, 28, 29, 30])
    expect(b!.words).toHaveLength(4)
    expect(b!.words.every((word) => word.full && word.fraction === 1 && word.main_projection === 0)).toBe(true)
  })

  it("opens the gap of k-sparse probing, which is nothing where nothing is absorbed", () => {
    // A letter latent that fires for 16 of 20 words, and for no other, has a mean F1 near 2 * 0.8 / 1.8 = 0.89.
    const { k_sparse_gap, intervals } = kSparseGap(result.letters)
    expect(k_sparse_gap).toBeGreaterThan(0.1 / 26)
    expect(k_sparse_gap).toBeLessThan(0.2 / 26)
    expect(intervals["k_sparse_gap"]!.low).toBeLessThan(k_sparse_gap)
    expect(intervals["k_sparse_gap"]!.high).toBeGreaterThan(k_sparse_gap)
    const none = letterAbsorption(
      planted(
        Array.from({ length: 26 }, () => 0),
        1
      ),
      { ...settings, splits: 1, max_k: 1 }
    )
    expect(kSparseGap(none.letters)).toEqual({ k_sparse_gap: 0, intervals: {} })
  })

  it("does not depend on the length of decoder rows", () => {
    const scaled = letterAbsorption(planted(absorbed, 0.25), { ...settings, splits: 5 })
    expect(scaled.letters.map((letter) => letter.full_absorptions)).toEqual(absorbed)
    expect(scaled.mean_absorption_fraction).toBeCloseTo(result.mean_absorption_fraction, 12)
  })

  it("leaves out a letter whose probe is poor: half of the words of z look like words of y", () => {
    const data = planted(absorbed, 1)
    // Half of z's words carry the direction of y.
    for (let n = 0; n < 10; n++) data.x.copyWithin((25 * 20 + n) * 64, (24 * 20 + n) * 64, (24 * 20 + n + 1) * 64)
    const poor = letterAbsorption(data, { ...settings, splits: 1 })
    expect(poor.letters[25]!.evaluated).toBe(false)
    expect(poor.probe.letters).toBeLessThan(26)
  })

  it("means nothing by a letter of fewer words than splits, and says why; a split without its words takes nothing from its F1", () => {
    const planned = planted(absorbed, 1)
    // w, x, y and z keep 5, 4, 1 and no words of 20; v keeps all.
    const kept = planned.words.flatMap((_, row) =>
      row % 20 < ([5, 4, 1, 0][planned.letters[row]! - 22] ?? 20) ? [row] : []
    )
    const take = <A>(from: ArrayLike<A>) => kept.map((row) => from[row]!)
    const few = letterAbsorption(
      {
        ...planned,
        words: take(planned.words),
        letters: Uint8Array.from(take(planned.letters)),
        x: Float32Array.from(kept.flatMap((row) => [...planned.x.subarray(row * 64, (row + 1) * 64)])),
        codes: {
          ...planned.codes,
          rows: kept.length,
          offsets: planned.codes.offsets.slice(0, kept.length + 1),
          latents: Uint32Array.from(take(planned.codes.latents)),
          values: Float32Array.from(take(planned.codes.values))
        }
      },
      settings
    )
    const last = few.letters.slice(21)
    expect(last.map(({ letter, known_words: words, evaluated }) => [letter, words, evaluated])).toEqual([
      ["v", 20, true],
      ["w", 5, true],
      ["x", 4, false],
      ["y", 1, false],
      ["z", 0, false]
    ])
    // All are told rightly where there is anything to learn from: one split has no word of x, and four none of y.
    expect(last.map(({ probe_f1 }) => probe_f1)).toEqual([1, 1, 1, 0, 0])
    expect(last.map(({ probe_f1_splits: splits }) => splits.length)).toEqual([5, 5, 4, 1, 0])
    expect(last.map(({ k_sparse_f1: [first] }) => first)).toEqual([1, 1, 1, 0, 0])
    expect(last.map((letter) => whyNotEvaluated(letter, settings))).toEqual([
      undefined,
      undefined,
      "4 of 5 words",
      "1 of 5 words",
      "no words"
    ])
    expect(few.probe.letters).toBe(23)
    expect(few.mean_full_absorption).toBeCloseTo(5 / 20 / 23, 12)
    expect(few.mean_absorption_fraction).toBeCloseTo(5 / 20 / 23, 12)
  })
})
