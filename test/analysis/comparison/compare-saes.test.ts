import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { otherSpaces } from "../../../src/activations/same-site.ts"
import { largestCorrelations } from "../../../src/analysis/comparison/activation-correlation.ts"
import { comparePair } from "../../../src/analysis/comparison/compare-pair.ts"
import { decoderProjection } from "../../../src/analysis/comparison/decoder-projection.ts"
import { latentMedian } from "../../../src/analysis/comparison/latent-mean.ts"
import { splitFamilies } from "../../../src/analysis/comparison/split-families.ts"
import { nearestOtherRows } from "../../../src/analysis/decoder-cosine.ts"
import type { LatentCodes } from "../../../src/analysis/latent-codes.ts"
import { randomUnitRows } from "../../../src/random/random-unit-rows.ts"
import { bestMatching } from "../../../src/numeric/assignment.ts"
import * as Rng from "../../../src/random/rng.ts"
import compareSaes from "../../../stages/compare-saes.ts"
import { temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { loadTestEngine } from "../../engine.ts"
import { runStage } from "../../stage/run-stage.ts"
import { randomSae } from "../random-sae.ts"
import { saeArtifact } from "../sae-artifact.ts"

beforeAll(loadTestEngine)

const codesOf = (rows: ReadonlyArray<ReadonlyArray<number>>, d_sae: number): LatentCodes => {
  const offsets = new Uint32Array(rows.length + 1)
  const [latents, values]: [Array<number>, Array<number>] = [[], []]
  for (const [r, row] of rows.entries()) {
    row.forEach((value, j) => {
      if (value > 0) {
        latents.push(j)
        values.push(value)
      }
    })
    offsets[r + 1] = latents.length
  }
  return { rows: rows.length, d_sae, offsets, latents: Uint32Array.from(latents), values: Float32Array.from(values) }
}

const pearson = (x: ReadonlyArray<number>, y: ReadonlyArray<number>): number => {
  const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [mx, my] = [mean(x), mean(y)]
  const dot = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) =>
    a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
  const [cx, cy] = [x.map((value) => value - mx), y.map((value) => value - my)]
  return dot(cx, cy) / Math.sqrt(dot(cx, cx) * dot(cy, cy))
}

describe("correlation of activations", () => {
  const activation = fc.integer({ min: -3, max: 4 }).map((n) => Math.max(0, n))
  const rowsOf = (width: number) =>
    fc.array(fc.array(activation, { minLength: width, maxLength: width }), { minLength: 6, maxLength: 12 })

  it("is the largest of Pearson's, computed from all numbers, zeros among them", () => {
    fc.assert(
      fc.property(rowsOf(5), (rows) => {
        const [a, b] = [rows.map((row) => row.slice(0, 2)), rows.map((row) => row.slice(2))]
        const found = largestCorrelations(codesOf(a, 2), codesOf(b, 3))
        for (const latent of [0, 1]) {
          const all = [0, 1, 2]
            .map((other) =>
              pearson(
                a.map((row) => row[latent] ?? 0),
                b.map((row) => row[other] ?? 0)
              )
            )
            .filter((value) => Number.isFinite(value))
          if (all.length === 0) expect(found[latent]).toBeNaN()
          else expect(found[latent]).toBeCloseTo(Math.max(...all), 9)
        }
      })
    )
  })

  it("of an SAE with itself is 1 for every latent that varies", () => {
    const codes = codesOf(
      [
        [1, 0, 2],
        [0, 0, 2],
        [3, 0, 2]
      ],
      3
    )
    expect([...largestCorrelations(codes, codes)]).toEqual([1, Number.NaN, Number.NaN])
  })
})

it("the best matching of permuted directions is the permutation, with cosine 1", () => {
  const [n, d] = [12, 6]
  const W_dec = randomUnitRows(n, d, 3)
  const order = Rng.make(5, "order").permutation(n)
  const permuted = new Float32Array(n * d)
  order.forEach((from, to) => permuted.set(W_dec.subarray(from * d, (from + 1) * d), to * d))
  const member = (weights: Float32Array<ArrayBuffer>) => ({
    weights: { W_dec: weights, d_in: d, d_sae: n },
    codes: undefined
  })
  const options = { split_cosine: 0.7, matched_latents: 100, seed: 0 }
  const pair = comparePair(member(W_dec), member(permuted), options)
  expect(pair.matched_cosine?.mean).toBeCloseTo(1, 5)
  expect(pair.max_cosine.mean).toBeCloseTo(1, 5)
  expect(pair.splits.none).toBe(0)
  expect(pair.random_max_cosine).toBeLessThan(0.95)
  // A direction and its opposite match; they are no nearest ones.
  const opposite = comparePair(member(W_dec), member(permuted.map((x) => -x)), options)
  expect(opposite.matched_cosine?.mean).toBeCloseTo(1, 5)
  expect(opposite.max_cosine.mean).toBeLessThan(0.95)
  expect(comparePair(member(W_dec), member(permuted), { ...options, matched_latents: 11 }).matched_cosine).toBeNull()
})

it("the best assignment beats the greedy one: 3 + 3 against 4 + 0", () => {
  expect(bestMatching(Float32Array.of(4, 3, 3, 0), 2, 2)).toEqual([
    [0, 1],
    [1, 0]
  ])
  // scipy.optimize.linear_sum_assignment of [[1, 9, 3], [9, 8, 1]], and of its transpose.
  expect(bestMatching(Float32Array.of(1, 9, 3, 9, 8, 1), 2, 3)).toEqual([
    [0, 1],
    [1, 0]
  ])
  expect(bestMatching(Float32Array.of(1, 9, 9, 8, 3, 1), 3, 2)).toEqual([
    [0, 1],
    [1, 0]
  ])
})

it("parts belong to their nearest latent above the threshold", () => {
  const nearest = { cosine: Float32Array.of(0.9, 0.8, 0.75, 0.2, 0.95), index: Uint32Array.of(0, 0, 2, 1, 0) }
  expect(splitFamilies(nearest, 4, 0.7).splits).toEqual({
    threshold: 0.7,
    none: 0.5,
    one: 0.25,
    several: 0.25,
    new: 0.2,
    families: [{ latent: 0, parts: [0, 1, 4] }]
  })
})

it("the nth decoder projection is the (n rows)-th largest of all rows' projections", () => {
  // Projections of (2, 1) and (0, 3), less b_dec (0, 1): (2, 0) and (0, 2) on (1, 0), (0, 1) and (0.6, 0.8).
  const sae = { W_dec: Float32Array.of(5, 0, 0, 1, 0.6, 0.8), b_dec: Float32Array.of(0, 1), d_in: 2, d_sae: 3 }
  const x = Float32Array.of(2, 1, 0, 3)
  // 2, 2, 1.6, 1.2, 0, 0
  expect(decoderProjection(x, sae, 1)).toBeCloseTo(2, 5)
  expect(decoderProjection(x, sae, 2)).toBeCloseTo(1.2, 5)
})

it("a latent's own direction is not its nearest other one", () => {
  expect([...nearestOtherRows(Float32Array.of(1, 0, 0, 2, 3, 0), 2)]).toEqual([1, 0, 1])
  expect([...nearestOtherRows(Float32Array.of(1, 0), 2)]).toEqual([-1])
})

it("the median of latents is the lower middle one, within its interval", () => {
  expect(latentMedian([3, 1, 2, 9]).median).toBe(2)
  const { median, low, high } = latentMedian(Array.from({ length: 101 }, (_, i) => i))
  expect(median).toBe(50)
  expect(low).toBeGreaterThan(30)
  expect(high).toBeLessThan(70)
})

it("of three seeds a comparison has intervals over them, of two a log line says what is missing, of one pair they are over latents", async () => {
  const told = (seeds: number) =>
    Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const saes = yield* Effect.forEach(Array.from({ length: seeds }), (_, seed) =>
            Effect.map(saeArtifact(randomSae(seed, 4, 16)), (sae) => ({
              ...sae,
              at: { width: 16 + (seed % 2), seed: seed >> 1 }
            }))
          )
          const lines: Array<string> = []
          const directory = yield* temporaryDirectory
          const { metrics } = yield* runStage(compareSaes, { saes, activations: [] }, {}, directory, {
            log: (line) => lines.push(line)
          })
          return { metrics, log: lines.join("\n") }
        })
      )
    )
  const [six, four, two] = [await told(6), await told(4), await told(2)]
  const width = ({ metrics }: typeof six): number => metrics["mean_max_cosine_high"]! - metrics["mean_max_cosine_low"]!
  expect(width(six)).toBeGreaterThan(0)
  expect(six.log).not.toContain("no interval")
  expect(four.metrics["mean_max_cosine_low"]).toBeUndefined()
  expect(four.log).toContain("no interval over seeds: SAEs of 3 seeds")
  expect(width(two)).toBeGreaterThan(0)
})

it("SAEs of two hooks are compared with a warning that says when their cosines mean something, those of one hook without", async () => {
  const logOf = (hook: string) =>
    Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const saes = [yield* saeArtifact(randomSae(1, 4, 6)), yield* saeArtifact(randomSae(2, 4, 6), { hook })]
          const lines: Array<string> = []
          const directory = yield* temporaryDirectory
          yield* runStage(compareSaes, { saes, activations: [] }, {}, directory, { log: (line) => lines.push(line) })
          return lines.join("\n")
        })
      )
    )
  expect(await logOf("blocks.0.attn.hook_z")).toContain(
    "warning: the SAEs are of blocks.0.hook_resid_post and blocks.0.attn.hook_z: cosines of their directions mean something only"
  )
  expect(await logOf("blocks.0.hook_resid_post")).not.toContain("warning")
})

it("SAEs of two models have a warning, whatever their hooks; those that name no model have none", () => {
  const hook = "blocks.0.hook_resid_post"
  expect(
    otherSpaces([
      { model: "a", hook },
      { model: "b", hook },
      { model: null, hook }
    ])
  ).toEqual([
    expect.stringContaining("the SAEs were trained on 2 models: cosines of their directions mean something only")
  ])
  expect(
    otherSpaces([
      { model: "a", hook },
      { model: null, hook }
    ])
  ).toEqual([])
})

it("SAEs of two models are refused without activations of each", async () => {
  const message = await Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const saes = [
          yield* saeArtifact(randomSae(1, 4, 6), { model: "a" }),
          yield* saeArtifact(randomSae(2, 4, 6), { model: "b" })
        ]
        const directory = yield* temporaryDirectory
        return (yield* Effect.flip(runStage(compareSaes, { saes, activations: [] }, {}, directory))).message
      })
    )
  )
  expect(message).toContain("SAE 1 was trained on model a, SAE 2 on model b")
  expect(message).toContain("or activations for each")
})
