import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { type Features, byMeanDifference, columnsOf } from "../../../src/analysis/probing/features.ts"
import { fitProbe, probeScores } from "../../../src/analysis/probing/fit-probe.ts"
import { type ProbeOptions, probeTasks } from "../../../src/analysis/probing/probe-tasks.ts"
import { askedWords } from "../../../src/analysis/probing/word-rows.ts"
import { wordPrompts } from "../../../src/analysis/word-prompts.ts"
import { wordTasks } from "../../../src/analysis/probing/word-tasks.ts"
import { drawnF1 } from "../../../src/numeric/f1.ts"
import { roc } from "../../../src/numeric/roc.ts"
import * as Rng from "../../../src/random/rng.ts"

interface Golden {
  readonly rows: number
  readonly test: number
  readonly features: number
  readonly ranked: ReadonlyArray<number>
  readonly probes: ReadonlyArray<{
    readonly k: number
    readonly auc: number
    readonly c: number
    readonly weights: ReadonlyArray<number>
    readonly bias: number
  }>
}

describe("probes beside sae-probes' own code (make-golden.py)", () => {
  const file = path.join(import.meta.dirname, "sae-probes.json")
  const golden = JSON.parse(fs.readFileSync(file, "utf8")) as Golden
  const value = (i: number, j: number): number => {
    const noise = ((i * 7919 + j * 104_729 + i * j * 31) % 1009) / 1009
    return noise > (i % 2 === 0 ? 0.75 - 0.03 * j : 0.75) ? Math.fround((1 + (j % 5)) * noise) : 0
  }
  const features: Features = {
    count: golden.features,
    visit: (row, feature) => {
      for (let j = 0; j < golden.features; j++) if (value(row, j) !== 0) feature(j, value(row, j))
    }
  }
  const rows = Array.from({ length: golden.rows }, (_, i) => i)
  const tested = Array.from({ length: golden.test }, (_, i) => golden.rows + i)
  const yes = (row: number): boolean => row % 2 === 0

  it("rank features alike", () => {
    expect(byMeanDifference(features, rows, rows.map(yes))).toEqual(golden.ranked)
  })

  for (const { k, auc, c, weights, bias } of golden.probes) {
    it(`fit ${k} features alike`, () => {
      const chosen = golden.ranked.slice(0, k)
      const probe = fitProbe(columnsOf(features, chosen, rows), rows.map(yes))
      expect(probe.c).toBeCloseTo(c, 6)
      // scikit-learn stops where an entry of the gradient is below 1e-4.
      for (const [i, weight] of weights.entries()) expect(probe.weights[i]).toBeCloseTo(weight, 2)
      expect(probe.bias).toBeCloseTo(bias, 2)
      expect(
        Math.abs(roc(probeScores(probe, columnsOf(features, chosen, tested)), tested.map(yes)).auc - auc)
      ).toBeLessThan(1e-3)
    })
  }
})

it("words are asked about in the text before them, and each task has an answer for its words alone", () => {
  const document = { name: "ck01", sentences: [["The/at", "old/jj-tl", "dog/nn", "barked/vbd", "loudly/rb", "./."]] }
  const prompts = wordPrompts([document], 10, Rng.make(0, "words"))
  expect(new Map(prompts.map(({ text, tag }) => [tag, text]))).toEqual(
    new Map([
      ["vbd", "The old dog barked"],
      ["rb", "The old dog barked loudly"]
    ])
  )
  const answers = (tag: string) =>
    Object.fromEntries(wordTasks.map(({ name, answer }) => [name, answer({ tag, genre: "k" })]))
  expect(answers("vbd")).toMatchObject({ verb: true, noun: false, "past tense": true, "in fiction": true })
  expect(answers("vbd")["plural"]).toBeUndefined()
  expect(answers("nn+bez")["noun"]).toBeUndefined()
})

it("guesses that have nothing to do with the answer have an F1 of a half by even odds, less by others, a third of one answer for all", () => {
  // Of 100 rows of each answer, the same share is guessed to be yes.
  const guessed = (share: number): number => {
    const scores = Array.from({ length: 200 }, (_, i) => (i % 100 < 100 * share ? 1 : -1))
    const positive = scores.map((_, i) => (i < 100 ? 1 : 0))
    return drawnF1(scores, positive, Array.from(scores).fill(1))
  }
  expect([0, 0.1, 0.2, 0.5, 0.8, 1].map((share) => guessed(share).toFixed(3))).toEqual([
    "0.333",
    "0.405",
    "0.451",
    "0.500",
    "0.451",
    "0.333"
  ])
})

describe("probes of tasks", () => {
  // 60 documents of 8 words; feature 3 fires on nouns, but for one in ten.
  const rng = Rng.make(1, "probing test")
  const prompts = Array.from({ length: 480 }, (_, row) => ({
    document: Math.floor(row / 8),
    genre: "a",
    tag: rng.int(2) === 0 ? "nn" : "vb",
    text: "",
    word: ""
  }))
  const values = prompts.map(({ tag }) =>
    Array.from({ length: 20 }, (_, j) =>
      j === 3 ? Number((tag === "nn") === rng.float() < 0.9) : Number(rng.float() < 0.3)
    )
  )
  const features: Features = {
    count: 20,
    visit: (row, feature) => values[row]!.forEach((value, j) => (value === 0 ? undefined : feature(j, value)))
  }
  const options = (seed: number): ProbeOptions => ({ seed, ks: [1, 16], ranking: "mean_difference", among: 0 })
  const probed = (from: Features, names: ReadonlyArray<string>, seed: number, ks = [1, 16], basis = from) => {
    const words = askedWords(prompts, seed)
    const asked = words.tasks.filter(({ name }) => names.includes(name))
    return probeTasks(words.document, words.heldOut, asked, { latents: from, basis }, { ...options(seed), ks })
  }
  const { tasks, means, intervals, leftOut } = probed(features, ["noun", "adverb"], 0)

  it("find the feature that knows, with an interval; shuffled labels find nothing; a task without words is left out", () => {
    const [one] = tasks[0]?.probes ?? []
    expect(one).toMatchObject({ features: "latents", k: 1, chosen: [3] })
    expect(means["auc_k1"]).toBeGreaterThan(0.8)
    expect(Math.abs(means["auc_shuffled_k1"]! - 0.5)).toBeLessThan(0.12)
    const { low, high } = intervals["auc_k1"]!
    expect(low).toBeLessThan(means["auc_k1"]!)
    expect(high).toBeGreaterThan(means["auc_k1"]!)
    expect(high - low).toBeLessThan(0.2)
    expect(means["gain_k1"]).toBe(0)
    expect(means["f1_k1"]).toBeGreaterThan(0.8)
    expect(Math.abs(means["f1_shuffled_k1"]! - 0.5)).toBeLessThan(0.12)
    // The basis is the latents here, and so is its control.
    expect(means["f1_shuffled_basis_k1"]).toBe(means["f1_shuffled_k1"])
    expect(means["spread"]).toBeCloseTo(means["f1_k16"]! - means["f1_k1"]!, 12)
    expect(leftOut).toEqual(["adverb"])
  })

  it("of shuffled labels, features that all know the answer are at chance by no more than the stated noise", () => {
    // 20 features that tell nouns from others in 8 of 10: a probe of chance labels tells them too, one way or the other.
    const knowing = prompts.map(({ tag }) =>
      Array.from({ length: 20 }, () => Number((tag === "nn") === rng.float() < 0.8))
    )
    const from: Features = {
      count: 20,
      visit: (row, feature) => knowing[row]!.forEach((value, j) => (value === 0 ? undefined : feature(j, value)))
    }
    const nothing: Features = { count: 20, visit: () => {} }
    const within = Array.from({ length: 12 }, (_, seed) => {
      const { low, high } = probed(from, ["noun"], seed, [16], nothing).intervals["auc_shuffled_k16"]!
      return low <= 0.5 && high >= 0.5
    })
    expect(within.filter((each) => each).length).toBeGreaterThanOrEqual(10)
  })
})
