import { assert, beforeAll, describe, expect, it } from "vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { chooseLatents } from "../../../src/analysis/choose-latents.ts"
import { explainedVariance } from "../../../src/analysis/explained-variance.ts"
import { matchedRows } from "../../../src/analysis/meta-sae/matched-rows.ts"
import { metaLatents } from "../../../src/analysis/meta-sae/meta-latents.ts"
import { randomUnitRows } from "../../../src/random/random-unit-rows.ts"
import { metaSettings } from "../../../src/analysis/meta-sae/meta-presets.ts"
import { neighbourOverlap, sharedNeighbours } from "../../../src/analysis/meta-sae/shared-neighbours.ts"
import { nearestRows } from "../../../src/analysis/decoder-cosine.ts"
import { openArrow } from "../../../src/format/arrow/arrow-reader.ts"
import { matchColumns } from "../../../src/kinds/meta-analysis.ts"
import { readMetaLatents } from "../../../src/kinds/sae/meta-latents.ts"
import { Sae } from "../../../src/kinds/sae/sae.ts"
import { makeSaeModel } from "../../../src/sae/sae-model.ts"
import type { SaeWeights } from "../../../src/kinds/sae/stored/sae-weights.ts"
import analyseMetaSae from "../../../stages/analyse-meta-sae.ts"
import trainMetaSae from "../../../stages/train-meta-sae.ts"
import { temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { opened, runStage } from "../../stage/run-stage.ts"
import { randomSae } from "../random-sae.ts"
import { saeArtifact } from "../sae-artifact.ts"
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

it("random rows of a decoder's covariance lie where its rows lie, and are none of them", () => {
  const d = 3
  // A ring about the third axis: mean (0, 0, .6), and variance .32 along each of the others.
  const ring = Float32Array.from({ length: 400 * d }, (_, at) => {
    const angle = (2 * Math.PI * Math.floor(at / d)) / 400
    return [0.8 * Math.cos(angle), 0.8 * Math.sin(angle), 0.6][at % d]!
  })
  const rows = matchedRows(ring, d, 0)
  const column = (i: number) => Array.from({ length: 400 }, (_, r) => rows[r * d + i]!)
  for (let r = 0; r < 400; r++) assert.approximately(Math.hypot(...rows.subarray(r * d, (r + 1) * d)), 1, 1e-5)
  for (const i of [0, 1]) assert.approximately(column(i).reduce((sum, value) => sum + value, 0) / 400, 0, 0.1)
  assert.isTrue(column(2).every((value) => value > 0))
  // Gaussian between the ring and its axis, where the ring itself has none.
  assert.isAbove(column(2).filter((value) => value > 0.8).length, 40)
  expect(matchedRows(ring, d, 0)).toEqual(rows)
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

/** 400 latents, each the sum of 2 of 24 directions in 64 dimensions. */
const [d, parts, latents] = [64, 24, 400]
const rng = Rng.make(7, "composed decoder")
const directions = randomUnitRows(parts, d, 11)
const members = Array.from({ length: latents }, () => {
  const first = rng.int(parts)
  return [first, (first + 1 + rng.int(parts - 1)) % parts] as const
})
const composed = Float32Array.from({ length: latents * d }, (_, at) => {
  const [j, i] = [Math.floor(at / d), at % d]
  return members[j]!.reduce((sum, part) => sum + 3 * directions[part * d + i]!, 0)
})

const dictionary = (W_dec: Float32Array<ArrayBuffer>, width = d): SaeWeights => ({
  ...randomSae(3, width, W_dec.length / width),
  W_dec
})

const run = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) => Effect.runPromise(Effect.scoped(effect))

const trained = Effect.gen(function* () {
  const sae = yield* saeArtifact(dictionary(composed))
  const settings = { d_sae: 32, k: 2, steps: 400, batch_rows: 256, lr: 3e-3, top: 5 }
  const { artifact, metrics } = yield* runStage(trainMetaSae, { sae }, settings, yield* temporaryDirectory)
  return { sae, meta: yield* opened(Sae, artifact), metrics }
})

describe("a meta-SAE of latents that are composed", () => {
  it("explains them far better than random directions, finds their parts, and an analysis tells them from other directions", async () => {
    await run(
      Effect.gen(function* () {
        const { sae, meta, metrics } = yield* trained
        assert.isAbove(metrics["decoder_variance_explained"] as number, 0.8)
        assert.isBelow(
          metrics["random_variance_explained"] as number,
          (metrics["decoder_variance_explained"] as number) - 0.3
        )
        // Random rows of the same covariance have no parts in common.
        assert.isAbove(metrics["structure_explained"] as number, 0.5)
        const { low, high } = (yield* readMetaLatents(meta.artifact))!.intervals!["structure_explained"]!
        assert.isAbove(low, 0.5)
        assert.isBelow(low, metrics["structure_explained"] as number)
        assert.isAbove(high, metrics["structure_explained"] as number)
        const { W_dec } = yield* meta.value.weights
        const found = nearestRows(directions, W_dec, d).cosine
        assert.isAbove(found.reduce((sum, cosine) => sum + cosine, 0) / parts, 0.9)
        // Latents that share a planted direction share a meta-latent: the strongest latents of a meta-latent do.
        const file = yield* readMetaLatents(meta.artifact)
        const used = file!.meta_latents.filter(({ count }) => count >= 10)
        expect(used.length).toBeGreaterThan(15)
        const sharing = used.filter(({ ids }) =>
          Array.from({ length: parts }, (_, part) => part).some((part) => ids.every((j) => members[j]!.includes(part)))
        )
        expect(sharing.length / used.length).toBeGreaterThan(0.8)

        const smaller = yield* saeArtifact(dictionary(directions))
        const settings = { steps: 100, batch_rows: 256 }
        const analysis = yield* runStage(analyseMetaSae, { sae, meta, smaller }, settings, yield* temporaryDirectory)
        const told = analysis.metrics as Readonly<Record<string, number>>
        assert.isAbove(told["match_cosine"]!, 0.85)
        assert.isBelow(told["random_match_cosine"]!, 0.6)
        assert.isAbove(told["matched_share"]!, 0.7)
        assert.isAbove(told["fixed_variance_explained"]!, told["decoder_variance_explained"]! - 0.1)
        assert.isBelow(told["fixed_random_variance_explained"]!, told["fixed_variance_explained"]! - 0.2)
        // 33 latents share one part with a latent on either side, all with about the same cosine: which 10 are nearest is noise.
        assert.isAbove(told["neighbour_overlap"]!, 0.12)
        assert.isBelow(told["shuffled_overlap"]!, 0.05)
        assert.isBelow(told["match_cosine_low"]!, told["match_cosine"]!)
        const path = "matches.arrow"
        const table = yield* openArrow(yield* analysis.artifact.open(path), matchColumns, path)
        expect((yield* table.readBatch(0)).rows).toBe(32)

        const elsewhere = yield* saeArtifact(dictionary(directions), { hook: "blocks.1.hook_resid_post" })
        const refused = yield* Effect.flip(
          runStage(analyseMetaSae, { sae, meta, smaller: elsewhere }, {}, yield* temporaryDirectory)
        )
        expect(refused.message).toContain("the smaller SAE at blocks.1.hook_resid_post")
        const another = yield* Effect.flip(
          runStage(analyseMetaSae, { sae: smaller, meta, smaller }, {}, yield* temporaryDirectory)
        )
        expect(another.message).toContain("the meta-SAE was trained on the decoder of")
        const none = yield* Effect.flip(
          runStage(analyseMetaSae, { sae, meta: smaller, smaller }, {}, yield* temporaryDirectory)
        )
        expect(none.message).toContain("no meta-SAE")
      })
    )
  })
})

describe("the presets of a meta-SAE", () => {
  const given = { k: 4, d_sae: null, steps: null, batch_rows: null, lr: null }

  it("are SAEBench's and the paper's settings, and what is given comes over them", () => {
    expect(metaSettings({ ...given, preset: "leask" }, 49_152)).toMatchObject({
      d_sae: 2304,
      steps: 24_000,
      batch_rows: 4096,
      lr: 1e-4
    })
    expect(metaSettings({ ...given, preset: "meta_structure" }, 4097)).toMatchObject({
      d_sae: 1025,
      steps: 1500,
      batch_rows: 1024,
      lr: 5e-4,
      training: { aux_coefficient: 0, reconstruction: "sum", clip: 1, b_dec_init: "zero", decoder_norm: "free" },
      with_replacement: true,
      chosen_among: 4096
    })
    expect(metaSettings({ ...given, preset: "none" }, 2048)).toMatchObject({
      d_sae: 512,
      steps: 400,
      batch_rows: 512,
      training: {},
      with_replacement: false,
      chosen_among: null
    })
    expect(metaSettings({ ...given, preset: "short" }, 16_384)).toMatchObject({
      d_sae: 4096,
      steps: 800,
      lr: 8e-3,
      training: { decay: 0.2, dead_after: 32_768 }
    })
    expect(metaSettings({ ...given, preset: "leask", steps: 7, lr: 1 }, 49_152)).toMatchObject({ steps: 7, lr: 1 })
  })
})

it("codes as training chose them are the k * rows largest of every block, and none below zero", () => {
  const weights = randomSae(5, 3, 4)
  const x = Float32Array.from({ length: 7 * 3 }, (_, i) => Math.sin(3 * i))
  const z = Array.from({ length: 7 }, (_, r) =>
    Array.from({ length: 4 }, (__, j) =>
      [0, 1, 2].reduce(
        (sum, c) =>
          sum + (x[3 * r + c]! - (weights.apply_b_dec_to_input ? weights.b_dec[c]! : 0)) * weights.W_enc[4 * c + j]!,
        weights.b_enc[j]!
      )
    )
  )
  const model = makeSaeModel(weights)
  const { offsets, latents: chosen, values } = chooseLatents(x, weights, model, 2, 5)
  model.dispose()
  for (const [from, to] of [
    [0, 5],
    [5, 7]
  ] as const) {
    const wanted = z
      .slice(from, to)
      .flatMap((row, r) => row.map((value, j) => ({ place: [from + r, j], value })))
      .toSorted((a, b) => b.value - a.value)
      .slice(0, 2 * (to - from))
    const found = Array.from({ length: to - from }, (_, r) => from + r).flatMap((row) =>
      Array.from({ length: offsets[row + 1]! - offsets[row]! }, (_, n) => {
        const at = offsets[row]! + n
        return { place: [row, chosen[at]!], value: values[at]! }
      })
    )
    expect(found.map(({ place }) => place.join()).toSorted()).toEqual(
      wanted.map(({ place }) => place.join()).toSorted()
    )
    for (const { place, value } of found) expect(value).toBeCloseTo(Math.max(0, z[place[0]!]![place[1]!]!), 5)
  }
})

describe("the graph of latents that share meta-latents", () => {
  const codes = {
    rows: 4,
    d_sae: 2,
    offsets: Uint32Array.from([0, 2, 3, 4, 4]),
    latents: Uint32Array.from([0, 1, 0, 1]),
    values: Float32Array.from([2, 1, 3, 4])
  }

  it("weighs an edge by the products of what both have of a meta-latent, nearest first", () => {
    expect(sharedNeighbours(codes, 5)).toEqual({
      ids: [[1, 2], [0], [0], []],
      weights: [[6, 4], [6], [4], []]
    })
    expect(sharedNeighbours(codes, 1).ids).toEqual([[1], [0], [0], []])
  })

  it("overlaps wholly with itself, and with a renamed copy of itself under that renaming", () => {
    const { ids } = sharedNeighbours(codes, 2)
    expect(neighbourOverlap(ids, ids)).toEqual([1, 1, 1])
    // Latent n of the graph is latent renamed[n] of the copy.
    const renamed = [2, 3, 0, 1]
    const copy: Array<ReadonlyArray<number>> = []
    ids.forEach((near, n) => (copy[renamed[n]!] = near.map((id) => renamed[id]!)))
    expect(neighbourOverlap(ids, copy, (id) => renamed[id]!)).toEqual([1, 1, 1])
    expect(neighbourOverlap(ids, copy)).not.toEqual([1, 1, 1])
  })
})
