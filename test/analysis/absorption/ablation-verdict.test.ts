import { describe, expect, it } from "vitest"
import { ablationAbsorption } from "../../../src/analysis/absorption/ablation-absorption.ts"
import { ablationVerdict } from "../../../src/analysis/absorption/ablation-verdict.ts"

const cosines = [0.5, 0.025, 0.02, 0.3]
const verdict = (effects: ReadonlyArray<number>) =>
  ablationVerdict({ latents: effects.map((_, n) => n), values: effects.map(() => 1) }, effects, (j) => cosines[j]!)

describe("the paper's verdict on one word", () => {
  it("is absorption where one latent works for the letter, a logit beyond all others, along the probe", () => {
    expect(verdict([-1.5, -0.4, 0.2])).toMatchObject({ absorbed: true, total: -1.7 })
    expect(verdict([-1.5]).absorbed).toBe(true)
    expect(verdict([0.1, -1.2]).ranked.map(({ latent }) => latent)).toEqual([1, 0])
  })

  it("is none where the second comes within a logit, whichever way it works", () => {
    expect(verdict([-1.5, -0.6]).absorbed).toBe(false)
    expect(verdict([-1.5, 0.6]).absorbed).toBe(false)
    expect(verdict([-1.5, 0.5]).absorbed).toBe(true)
  })

  it("is none where the largest effect works against the letter, or the latent lies across the probe", () => {
    expect(verdict([-1.2, 2.9]).absorbed).toBe(false)
    expect(verdict([0, -3]).absorbed).toBe(true)
    expect(verdict([0, 0, -3]).absorbed).toBe(false)
  })

  it("is none where nothing fires", () => {
    expect(verdict([])).toEqual({ absorbed: false, ranked: [], total: 0 })
  })
})

describe("a letter's rate of absorption", () => {
  // Word n has one latent, n; the first four of a's twelve silent words are absorbed.
  const words = Array.from({ length: 12 }, (_, n) => `a${n}`)
  const codes = {
    rows: 12,
    d_sae: 12,
    offsets: Uint32Array.from({ length: 13 }, (_, n) => n),
    latents: Uint32Array.from({ length: 12 }, (_, n) => n),
    values: new Float32Array(12).fill(1)
  }
  const silent = words.map((_, row) => ({ row, cosineOf: () => 0.5 }))
  const asked: Array<number> = []
  const rate = (ablated_words: number) => {
    asked.length = 0
    return ablationAbsorption(
      words,
      codes,
      [
        { letter: "a", silent, truePositives: 20 },
        { letter: "b", silent: [], truePositives: 9 }
      ],
      (rows) => {
        asked.push(...rows)
        return rows.map((row) => [row < 4 ? -2 : -0.5])
      },
      { effect_gap: 1, full_cosine: 0.025, ablated_words, seed: 3 }
    )
  }

  it("is out of the words that the probe gets right, and names the absorbing latents", () => {
    const [a, b] = rate(200)
    expect(a).toMatchObject({ silent_words: 12, ablated_words: 12, absorptions: 4, absorption_rate: 4 / 20 })
    expect(a!.mean_total_effect).toBeCloseTo(-1, 12)
    expect(a!.words.map(({ word, top }) => [word, top[0]!.latent, top[0]!.effect])).toEqual(
      [0, 1, 2, 3].map((n) => [`a${n}`, n, -2])
    )
    expect(b).toMatchObject({ silent_words: 0, absorption_rate: 0, mean_total_effect: null })
  })

  it("ablates no more words than asked, drawn by the seed, and scales what it finds up to all", () => {
    const [a] = rate(5)
    expect(new Set(asked).size).toBe(5)
    const found = asked.filter((row) => row < 4).length
    expect(a).toMatchObject({ silent_words: 12, ablated_words: 5, absorptions: found })
    expect(a!.absorption_rate).toBeCloseTo((found * (12 / 5)) / 20, 12)
    const drawn = [...asked]
    rate(5)
    expect(asked).toEqual(drawn)
  })
})
