import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { beforeAll, describe, expect } from "vitest"
import { convertSae } from "../../../src/kinds/sae/convert-sae.ts"
import { readAnySae } from "../../../src/kinds/sae/formats.ts"
import * as Rng from "../../../src/random/rng.ts"
import { layerNormRows } from "../../../src/sae/rows/layer-norm-rows.ts"
import { optionProblems } from "../../../src/sae/option-problems.ts"
import { annealing } from "../../../src/sae/architectures/p-anneal.ts"
import { drawRows } from "../../../src/sae/training/resample-latents.ts"
import { matrixRows } from "../../../src/activations/row-source.ts"
import { makeSaeModel } from "../../../src/sae/sae-model.ts"
import { makeSaeTrainer } from "../../../src/sae/training/sae-trainer.ts"
import { trainSae } from "../../../src/sae/training/train-sae.ts"
import { architectures } from "../../../src/sae/architectures.ts"
import { resolveOptions, type TrainingOptions } from "../../../src/sae/training-options.ts"
import { trainingRequest } from "../../../src/sae/training-request.ts"
import { filesFolder } from "../../artifact/directory-folder.ts"
import { loadTestEngine } from "../../engine.ts"
import { architectureNames, methodOf } from "./known.ts"
import { type Given, given, plainRows, request, small } from "../training/training-variants.ts"
import { isRefused } from "../../../src/kinds/sae/latents/sae-refused.ts"

beforeAll(loadTestEngine)

const source = plainRows()

/** Architectures with what makes their state larger: free norms, tied weights, latents made anew. */
const variants: ReadonlyArray<readonly [string, TrainingOptions]> = [
  ...architectureNames.map((name) => [name, request(name)] as const),
  ["standard, tied", request("standard", { tied: true })],
  ["standard, resampling", request("standard", { resample_every: 12, sparsity_coefficient: 3, sparsity_warmup: 0 })],
  [
    "standard, free decoder",
    request("standard", { decoder_norm: "free", decoder_init_norm: 0.1, normalize: "mean_norm" })
  ],
  ["jumprelu, free decoder", request("jumprelu", { decoder_norm: "free", l0_loss: "tanh", bandwidth: 0.5 })],
  ["gated, free decoder", request("gated", { decoder_norm: "free" })],
  ["batch_topk, free decoder", request("batch_topk", { decoder_norm: "free", decoder_init_norm: 0.1 })],
  ["topk, layer norm", request("topk", { normalize: "layer_norm" })]
]

describe("every architecture", () => {
  for (const [name, options] of variants) {
    it.effect(
      `${name}: what is saved computes on rows as they come what training computed, and has unit decoder rows`,
      () =>
        Effect.gen(function* () {
          const longer = { ...options, steps: 200, batch_rows: 128, lr: 5e-3, resample_every: null, decay: 0.5 }
          const { weights, outcome, stored } = yield* trainSae(source, longer)
          for (let j = 0; j < 32; j++) {
            const norm = Math.hypot(...weights.W_dec.subarray(j * small.d_in, (j + 1) * small.d_in))
            if (norm > 0) expect(norm).toBeCloseTo(1, 5)
          }
          const model = makeSaeModel(weights)
          const rows = tf.tensor2d(small.data, [600, small.d_in])
          const figures = tf.tidy(() => {
            const codes = model.encode(rows)
            const error = tf.sub(model.decode(codes, rows), rows)
            const spread = tf.sub(rows, tf.mean(rows, 0, true))
            return {
              missed: tf.sum(tf.square(error)).arraySync() as number,
              variance: tf.sum(tf.square(spread)).arraySync() as number,
              l0: codes.latent.length / 600
            }
          })
          model.dispose()
          rows.dispose()
          expect(Math.abs(1 - figures.missed / figures.variance - outcome.explained_variance)).toBeLessThan(0.1)
          expect(Math.abs(figures.l0 - outcome.l0)).toBeLessThan(0.15 * outcome.l0 + 0.3)
          // And it goes through a SAELens folder without a bit of loss.
          const converted = convertSae(stored, "saelens", { fold: false })
          if (isRefused(converted)) throw converted
          const back = yield* Effect.scoped(readAnySae(filesFolder(converted.files)))
          expect(back.latents).toEqual(stored.latents)
          expect(back.W_dec).toEqual(stored.W_dec)
        })
    )
  }

  it.effect("tied weights stay tied: the encoder is the decoder's transpose, before thresholds and biases", () =>
    Effect.gen(function* () {
      const { weights } = yield* trainSae(source, request("standard", { tied: true }))
      const { W_enc, W_dec } = weights
      for (let j = 0; j < 32; j++) {
        for (let c = 0; c < small.d_in; c++) expect(W_enc[c * 32 + j]).toBe(W_dec[j * small.d_in + c])
      }
    })
  )

  it.effect("dead latents are made anew from rows, and fire again", () =>
    Effect.gen(function* () {
      // So strong a penalty that some latents die; it then takes making them anew to have none that is silent.
      const base = {
        sparsity_coefficient: 0.2,
        sparsity_warmup: 0,
        steps: 300,
        batch_rows: 128,
        lr: 5e-3,
        d_sae: 96,
        dead_after: 2000
      }
      const without = yield* trainSae(source, request("standard", base))
      const withAnew = yield* trainSae(source, request("standard", { ...base, resample_every: 60 }))
      expect(without.outcome.dead_latents).toBeGreaterThan(2)
      expect(withAnew.outcome.dead_latents).toBeLessThan(without.outcome.dead_latents)
    })
  )

  it("thresholds are never negative", () => {
    const options = resolveOptions(
      request("jumprelu", { sparsity_coefficient: 1e-9, threshold_init: 0.001, bandwidth: 1, lr: 0.05 })
    )
    const trainer = makeSaeTrainer(options, methodOf("jumprelu"), {
      d_in: 16,
      b_dec: new Float32Array(16),
      variance: 1
    })
    const rng = Rng.make(1, "rows")
    for (let step = 0; step < 20; step++) {
      const x = tf.tensor2d(
        Float32Array.from({ length: 64 * 16 }, () => rng.normal()),
        [64, 16]
      )
      trainer.step(x)
      x.dispose()
    }
    const { weights } = trainer.exportState().extras["threshold"] as { weights: Float32Array }
    expect(Math.min(...weights)).toBe(0)
    trainer.dispose()
  })
})

describe("details", () => {
  it("rows are drawn by their weight, each once", () => {
    const rng = Rng.make(3, "draw")
    const weights = Float64Array.of(0, 1, 0, 5, 2)
    expect(drawRows(weights, 5, rng).toSorted()).toEqual([1, 3, 4])
    const first = [0, 0, 0, 0, 0]
    for (let n = 0; n < 8000; n++) {
      const [row] = drawRows(weights, 1, rng)
      first[row as number] = (first[row as number] as number) + 1
    }
    // 1, 5 and 2 of 8; three standard deviations of a count of 8000 are below 140.
    for (const [row, expected] of [
      [1, 1000],
      [3, 5000],
      [4, 2000]
    ] as const) {
      expect(Math.abs((first[row] as number) - expected)).toBeLessThan(140)
    }
  })

  it("p falls from 1 to its end in equal parts, from the start of annealing on", () => {
    const options = request("p_anneal", { steps: 20, anneal_start: 0.25, p_updates: 4, p_end: 0.1 })
    expect(annealing(options).map(({ step }) => step)).toEqual([6, 11, 16, 21])
    for (const [i, { p }] of annealing(options).entries()) expect(p).toBeCloseTo(1 - 0.3 * i, 12)
  })

  it("rows are brought to mean 0 and deviation 1, the deviation with one degree of freedom less", () => {
    const rows = layerNormRows(matrixRows(Float32Array.of(1, 2, 6, 5, 5, 8), 3))
    const into = new Float32Array(6)
    rows.gather(Uint32Array.of(1, 0), into)
    // 5, 5, 8: mean 6, deviation sqrt((1 + 1 + 4) / 2) = 1.7321. 1, 2, 6: mean 3, deviation sqrt((4 + 1 + 9) / 2) = 2.6458.
    const expected = [-1 / 1.73206, -1 / 1.73206, 2 / 1.73206, -2 / 2.64576, -1 / 2.64576, 3 / 2.64576]
    for (const [i, value] of expected.entries()) expect(into[i]).toBeCloseTo(value, 4)
  })
})

const problemsOf = (architecture: string, more: Given) =>
  Result.match(trainingRequest(given(architecture, more)), {
    onSuccess: () => [],
    onFailure: (problems) => problems
  })

describe("presets", () => {
  it("set what they publish, and nothing stands in the way of an option that is given", () => {
    expect(request("standard", { preset: "anthropic_april_2024", batch_rows: null })).toMatchObject({
      decoder_norm: "free",
      decoder_init_norm: 0.1,
      normalize: "mean_norm",
      sparsity_coefficient: 5,
      lr: 5e-5,
      warmup: 0,
      clip: 1,
      reconstruction: "sum",
      b_dec_init: "zero",
      apply_b_dec_to_input: false
    })
    expect(request("topk", { preset: "dictionary_learning", lr: 1 })).toMatchObject({ lr: 1, clip: 1, batch_rows: 64 })
    expect(request("jumprelu", { preset: "dictionary_learning", k: 33 })).toMatchObject({
      target_l0: 33,
      bandwidth: 1e-3,
      beta1: 0
    })
    expect(request("jumprelu", { preset: "dictionary_learning", k: 33, target_l0: 5 })).toMatchObject({ target_l0: 5 })
  })

  it("all are complete: what they leave open is named", () => {
    const open = [...architectures.values()].flatMap(({ name, presets }) =>
      Object.keys(presets).flatMap((preset) =>
        problemsOf(name, { preset, d_sae: 64 }).map(({ problem }) => `${preset} ${name}: ${problem.split(":")[0]}`)
      )
    )
    expect(open).toEqual([
      "gemma_scope jumprelu: sparsity_coefficient is missing",
      "towards_monosemanticity standard: sparsity_coefficient is missing"
    ])
  })

  it("one that has nothing for an architecture says for which it has", () => {
    expect(problemsOf("gated", { preset: "openai" })).toEqual([
      { param: "preset", problem: "the preset openai has no settings for gated; it has some for topk" }
    ])
  })

  it("options that do not go together are refused by name", () => {
    for (const [architecture, more, param] of [
      ["topk", { k: null }, "k"],
      ["topk", { k: 99 }, "k"],
      ["topk", { multi_topk: true, decoder_norm: "free" }, "multi_topk"],
      ["standard", { sparsity_coefficient: 0 }, "sparsity_coefficient"],
      ["matryoshka_batch_topk", { groups: [0.5, 0.4] }, "groups"],
      ["matryoshka_batch_topk", { groups: [0.001, 0.999] }, "groups"],
      ["standard", { tied: true, decoder_norm: "free" }, "tied"]
    ] as const) {
      expect(problemsOf(architecture, more).map((problem) => problem.param)).toContain(param)
    }
  })

  it("an option of another architecture is refused, with those that it has; null is no option", () => {
    const problem = "p_anneal has no `k`; it has sparsity_coefficient, sparsity_warmup, p_end, p_updates, anneal_start"
    expect(problemsOf("p_anneal", { k: 3 })).toEqual([{ param: "k", problem, remedy: "leave it out, or give null" }])
    expect(problemsOf("gated", { resample_every: 10, groups: [1] }).map(({ param }) => param)).toEqual([
      "resample_every",
      "groups"
    ])
    expect(problemsOf("p_anneal", { k: null, groups: null })).toEqual([])
  })

  it("a resampling that leaves its latents no time to be trained is refused with both numbers", () => {
    const about = (steps: number) => problemsOf("standard", { steps, resample_every: 100 })
    expect(about(309)).toEqual([
      expect.objectContaining({
        param: "resample_every",
        problem: expect.stringContaining("the last resampling comes after step 300, 9 before the end")
      })
    ])
    expect([about(310), about(300), about(100), about(50)]).toEqual([[], [], [], []])
  })

  it("multi_topk is refused for a crosscoder alone, which weighs what it chooses by", () => {
    const options = request("topk", { multi_topk: true })
    const about = (what?: "transcoder" | "crosscoder") => optionProblems(options, what).map(({ param }) => param)
    expect(about()).toEqual([])
    expect(about("transcoder")).toEqual([])
    expect(about("crosscoder")).toEqual(["multi_topk"])
  })
})
