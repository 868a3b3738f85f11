import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { Evaluation } from "../../../src/kinds/evaluation/evaluation.ts"
import { Sae } from "../../../src/kinds/sae/sae.ts"
import type { SaeWeights } from "../../../src/kinds/sae/stored/sae-weights.ts"
import { openModel } from "../../../src/model/open-model.ts"
import { runModel } from "../../../src/model/run-model.ts"
import { evaluationContexts } from "../../../src/sae/evaluate/evaluation-contexts.ts"
import { splicedSources } from "../../../src/sae/evaluate/spliced-sources.ts"
import { makeSaeModel } from "../../../src/sae/sae-model.ts"
import evaluateCrosscoder from "../../../stages/evaluate-crosscoder.ts"
import trainCrosscoder from "../../../stages/train-crosscoder.ts"
import trainTranscoder from "../../../stages/train-transcoder.ts"
import { temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { loadTestEngine } from "../../engine.ts"
import { opened, runStage } from "../../stage/run-stage.ts"
import { identity } from "../identity-sae.ts"
import { vocabulary } from "../random-gpt2.ts"
import { captured, captureInputs, time } from "../small-text.ts"

beforeAll(loadTestEngine)

describe("stages", () => {
  const at = Effect.fn(function* (hook: string, seed = 0) {
    return (yield* captured(yield* captureInputs(200), { hook, seed })).activations
  })
  const params = { d_sae: 48, k: 6, steps: 150, batch_rows: 128, lr: 5e-3 }

  it.effect("train-transcoder saves a SAELens transcoder, and refuses activations that are not aligned", () =>
    Effect.gen(function* () {
      const [activations, target] = [yield* at("blocks.0.hook_resid_mid"), yield* at("blocks.0.hook_mlp_out")]
      const directory = yield* temporaryDirectory
      const { artifact, metrics } = yield* runStage(
        trainTranscoder,
        { activations, target },
        { ...params, skip: true },
        directory
      )
      const { value } = yield* opened(Sae, artifact)
      expect(value).toMatchObject({ architecture: "batch_topk_skip_transcoder", hook: "blocks.0.hook_resid_mid", k: 6 })
      expect(value.d_out).toBe(target.value.d_in)
      expect((yield* value.stored).metadata).toMatchObject({ hook_name_out: "blocks.0.hook_mlp_out" })
      expect(metrics["explained_variance"]).toBeGreaterThan(0.3)
      expect((yield* Effect.flip(value.weights)).message).toMatch(/transcoder, and an autoencoder is needed/)

      const other = yield* at("blocks.0.hook_mlp_out", 1)
      const failure = yield* Effect.flip(
        runStage(trainTranscoder, { activations, target: other }, params, yield* temporaryDirectory)
      )
      expect(failure.message).toMatch(/hold out different documents/)
      const wrong = yield* Effect.flip(
        runStage(trainTranscoder, { activations, target }, { ...params, architecture: "topk" }, directory)
      )
      expect(wrong.message).toMatch(/architecture is topk; a transcoder's can be/)
    })
  )

  it.effect("train-crosscoder saves shares of the sources beside an SAE on concatenated rows", () =>
    Effect.gen(function* () {
      const sources = [yield* at("blocks.0.hook_resid_post"), yield* at("blocks.1.hook_resid_post")]
      const directory = yield* temporaryDirectory
      const { artifact, metrics } = yield* runStage(trainCrosscoder, { sources }, params, directory)
      const { value } = yield* opened(Sae, artifact)
      expect(value.d_in).toBe(2 * (sources[0]?.value.d_in as number))
      const file = JSON.parse(yield* artifact.readText("crosscoder.json")) as {
        shares: Array<Array<number>>
        shared: number
      }
      expect(file.shares.length).toBe(48)
      for (const share of file.shares) expect(share.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6)
      expect(metrics["shared_fraction"]).toBeCloseTo(file.shared / 48, 9)
      const crosscoder = { value, artifact, at: {} }
      const measured = yield* runStage(evaluateCrosscoder, { crosscoder, sources }, {}, yield* temporaryDirectory)
      const evaluation = yield* opened(Evaluation, measured.artifact)
      // Each source against sums over its own columns, taken apart by hand.
      const raw = yield* Effect.forEach(sources, ({ value: source }) => source.held_out.loadRows())
      const widths = sources.map(({ value: source }) => source.d_in)
      const count = (raw[0] as Float32Array).length / (widths[0] as number)
      const rows = new Float32Array(count * value.d_in)
      for (let row = 0; row < count; row++) {
        let at = row * value.d_in
        for (const [m, d] of widths.entries()) {
          rows.set((raw[m] as Float32Array).subarray(row * d, (row + 1) * d), at)
          at += d
        }
      }
      const model = makeSaeModel(yield* value.weights)
      const output = tf.tidy(() => model.reconstruct(tf.tensor2d(rows, [count, value.d_in])).dataSync())
      model.dispose()
      const found = evaluation.value.sources ?? []
      expect(found.map(({ hook }) => hook)).toEqual(sources.map(({ value: source }) => source.hook))
      for (const [m, d] of widths.entries()) {
        const column = (from: ArrayLike<number>, row: number, c: number) => from[row * value.d_in + m * d + c] as number
        let error = 0
        let spread = 0
        for (let c = 0; c < d; c++) {
          let mean = 0
          for (let row = 0; row < count; row++) mean += column(rows, row, c) / count
          for (let row = 0; row < count; row++) {
            error += (column(rows, row, c) - column(output, row, c)) ** 2
            spread += (column(rows, row, c) - mean) ** 2
          }
        }
        expect(found[m]?.explained_variance).toBeCloseTo(1 - error / spread, 5)
      }
      const values = found.map(({ explained_variance: ev }) => ev)
      expect(measured.metrics["explained_variance"]).toBeCloseTo(((values[0] ?? 0) + (values[1] ?? 0)) / 2, 9)
      expect(measured.metrics["explained_variance_least"]).toBe(Math.min(...values))
      const swapped = { crosscoder, sources: sources.toReversed() }
      const refused = yield* Effect.flip(runStage(evaluateCrosscoder, swapped, {}, yield* temporaryDirectory))
      expect(refused.message).toMatch(/the crosscoder reads blocks\.0\.hook_resid_post .*the sources are blocks\.1/)

      // In the models: its divergences once more, from logits, in f64, over all held-out tokens.
      const { model: given, tokens } = yield* captureInputs(200)
      const models = [given, given]
      const contexts = 200
      const inModels = yield* runStage(evaluateCrosscoder, { crosscoder, sources, models }, { contexts }, directory)
      const evaluated = (yield* opened(Evaluation, inModels.artifact)).value
      const runnable = yield* openModel(given.value)
      const text = yield* tokens.value.read(0, contexts)
      const whole = { ids: text.ids, batch: contexts, time }
      const held = new Set(sources[0]?.value.split.held_out_documents)
      const spliced = Array.from(text.documents, (document) => held.has(document))
      const hooks = sources.map(({ value: source }) => source.hook)
      const logits = (replace: Parameters<typeof runModel>[2]["replace"]) =>
        tf.tidy(() =>
          runModel(runnable, whole, { logits: true, ...(replace === undefined ? {} : { replace }) }).logits!.dataSync()
        )
      const clean = logits(undefined)
      const cross = makeSaeModel(yield* value.weights)
      const asItIs = tf.tidy(() => {
        const { activations } = runModel(runnable, whole, { hooks })
        const flat = hooks.map((hook) => tf.reshape<tf.Rank.R2>(activations[hook]!, [contexts * time, -1]))
        return { rows: flat.map((each) => each.arraySync()), given: cross.reconstruct(tf.concat(flat, 1)).arraySync() }
      })
      cross.dispose()
      const logShares = (values: ArrayLike<number>, at: number) => {
        const row = Array.from({ length: vocabulary }, (_, v) => values[at * vocabulary + v] as number)
        const total = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0))
        return row.map((x) => x - total)
      }
      const divergences: Array<number> = []
      let start = 0
      for (const [m, hook] of hooks.entries()) {
        const d = widths[m] as number
        const there = asItIs.rows[m]!.map((row, at) => (spliced[at] ? asItIs.given[at]!.slice(start, start + d) : row))
        start += d
        const other = tf.tidy(() => logits({ [hook]: tf.tensor3d(there.flat(), [contexts, time, d]) }))
        let [sum, count] = [0, 0]
        for (let at = 0; at < contexts * time; at++) {
          if (at % time === time - 1 || !spliced[at] || text.documents[at + 1] !== text.documents[at]) continue
          const [p, q] = [logShares(clean, at), logShares(other, at)]
          sum += p.reduce((kl, logP, v) => kl + Math.exp(logP) * (logP - (q[v] as number)), 0)
          count += 1
        }
        divergences.push(sum / count)
        expect(evaluated.sources?.[m]?.metrics?.["kl_sae"]).toBeCloseTo(sum / count, 5)
      }
      expect(inModels.metrics["kl_sae"]).toBeCloseTo((divergences[0]! + divergences[1]!) / 2, 5)
      expect(inModels.metrics["kl_recovered_mean_least"]).toBeLessThan(inModels.metrics["kl_recovered_mean"] as number)
      const fewer = yield* Effect.flip(
        runStage(evaluateCrosscoder, { crosscoder, sources, models: [given] }, {}, yield* temporaryDirectory)
      )
      expect(fewer.message).toMatch(/2 sources and 1 models/)

      // Controls: one that gives back both sources costs nothing, one that gives zeros all that zeros cost.
      const d = value.d_in
      const eye = Float32Array.from({ length: 2 * d * d }, (_, i) => {
        const [latent, at] = [Math.floor(i / d), i % d]
        return latent % d === at ? (latent < d ? 1 : -1) : 0
      })
      const W_enc = Float32Array.from(
        { length: 2 * d * d },
        (_, i) => eye[(i % (2 * d)) * d + Math.floor(i / (2 * d))]!
      )
      const exact = {
        ...identity,
        d_in: d,
        d_sae: 2 * d,
        W_enc,
        W_dec: eye,
        b_enc: new Float32Array(2 * d),
        b_dec: new Float32Array(d)
      }
      const chosen = yield* evaluationContexts(sources[0]!.value, contexts)
      const sites = sources.map(({ value: { hook, d_in: width } }) => ({ model: runnable, hook, width }))
      const costs = Effect.fn(function* (weights: SaeWeights) {
        const tensors = makeSaeModel(weights)
        const found = yield* splicedSources(sites, tensors, chosen.contexts)
        tensors.dispose()
        return found.map(({ kl }) => kl!.reduce((sum, each) => sum + each, 0) / chosen.targets)
      })
      for (const kl of yield* costs(exact)) expect(kl).toBeCloseTo(0, 6)
      const zeros = yield* costs({ ...exact, W_dec: new Float32Array(2 * d * d) })
      for (const [m, kl] of zeros.entries())
        expect(kl).toBeCloseTo(evaluated.sources?.[m]?.metrics?.["kl_zero"] ?? 0, 6)

      const one = yield* Effect.flip(
        runStage(trainCrosscoder, { sources: sources.slice(0, 1) }, params, yield* temporaryDirectory)
      )
      expect(one.message).toMatch(/there are 1 sources/)
    })
  )
})
