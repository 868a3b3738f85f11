import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { Ablations } from "../../../src/kinds/ablations.ts"
import { Evaluation } from "../../../src/kinds/evaluation/evaluation.ts"
import type { SaeWeights } from "../../../src/kinds/sae/stored/sae-weights.ts"
import { loadModel } from "../../../src/model/load-model.ts"
import { runModel } from "../../../src/model/run-model.ts"
import ablate from "../../../stages/ablate-hook.ts"
import evaluate from "../../../stages/evaluate-sae.ts"
import { temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { loadTestEngine } from "../../engine.ts"
import { d_model, modelText, randomGpt2, vocabulary } from "../random-gpt2.ts"
import { type Given, opened, runStage, runTogether } from "../../stage/run-stage.ts"
import { captured, captureInputs, documentsOf, hook, time } from "../small-text.ts"
import { identity, saeOf } from "../identity-sae.ts"

let tensorsBefore = 0
beforeAll(async () => {
  await loadTestEngine()
  tensorsBefore = tf.memory().numTensors
})

describe("evaluate-sae", () => {
  const evaluated = Effect.fn(function* (weights: SaeWeights, likely = true) {
    const contexts = 24
    const runnable = yield* loadModel((yield* randomGpt2).value)
    const ids = modelText(runnable, contexts, time, likely)
    const { activations, model } = yield* captured(yield* captureInputs(contexts, ids), { held_out_fraction: 0.4 })
    const sae = yield* saeOf(weights)
    const directory = yield* temporaryDirectory
    const { artifact, metrics } = yield* runStage(evaluate, { sae, activations, model }, { kl: true }, directory)
    return { metrics, activations, runnable, ids, evaluation: yield* opened(Evaluation, artifact) }
  })

  it.effect(
    "an SAE that gives back its input recovers everything, and its figures are those of the naive computation",
    () =>
      Effect.gen(function* () {
        const { metrics, activations, evaluation, runnable, ids } = yield* evaluated(identity)
        expect(metrics["explained_variance"]).toBeCloseTo(1, 6)
        expect(metrics["ce_recovered"]).toBeCloseTo(1, 4)
        expect(metrics["ce_sae"]).toBeCloseTo(metrics["ce_clean"] as number, 4)
        expect(metrics["kl_sae"]).toBeCloseTo(0, 5)
        expect(metrics["l0"]).toBe(d_model)

        // Clean cross-entropy once more, from the logits, in f64, over held-out tokens whose next one is of their document.
        const contexts = ids.length / time
        const { logits } = runModel(runnable, { ids, batch: contexts, time }, { logits: true })
        const values = (logits as tf.Tensor3D).dataSync<"float32">()
        const documents = documentsOf(contexts)
        const held = new Set(activations.value.split.held_out_documents)
        let [sum, count] = [0, 0]
        for (let i = 0; i < ids.length; i++) {
          if (i % time === time - 1 || !held.has(documents[i] as number) || documents[i + 1] !== documents[i]) continue
          const row = values.subarray(i * vocabulary, (i + 1) * vocabulary)
          const total = row.reduce((s, x) => s + Math.exp(x), 0)
          sum += Math.log(total) - (row[ids[i + 1] as number] as number)
          count += 1
        }
        expect(evaluation.value.contexts.targets).toBe(count)
        expect(metrics["ce_clean"]).toBeCloseTo(sum / count, 4)
        expect(evaluation.value.metrics).toEqual(metrics)
        const latents = yield* evaluation.value.latents
        expect(latents.density.reduce((a, b) => a + b)).toBeCloseTo(metrics["l0"] as number, 6)
      })
  )

  it.effect("an SAE that gives zeros recovers nothing, and all its latents are dead", () =>
    Effect.gen(function* () {
      const { metrics } = yield* evaluated({ ...identity, b_enc: new Float32Array(2 * d_model).fill(-1e6) })
      expect(metrics["ce_recovered"]).toBeCloseTo(0, 6)
      expect(metrics["ce_sae"]).toBe(metrics["ce_zero"])
      expect(metrics["kl_sae"]).toBe(metrics["kl_zero"])
      expect(metrics["dead_fraction"]).toBe(1)
      expect(metrics["l0"]).toBe(0)
    })
  )

  it.effect("where zeros do not harm the model, CE recovered is not measured, and all else is", () =>
    Effect.gen(function* () {
      // Text of the tokens that the model holds least likely.
      const { metrics, evaluation } = yield* evaluated(identity, false)
      expect(metrics["explained_variance"]).toBeCloseTo(1, 6)
      expect(metrics["ce_zero"]).toBeLessThan(metrics["ce_clean"] as number)
      expect(evaluation.value.unmeasured).toMatchObject({
        ce_recovered: `zeros at ${hook} do not harm the model`,
        ce_recovered_mean: `mean activations at ${hook} do not harm the model`
      })
      expect(evaluation.value.metrics).toHaveProperty("ce_sae")
      expect(evaluation.value.metrics).not.toHaveProperty("ce_recovered")
    })
  )

  it.effect("a transcoder's output takes the place of its target: one that changes nothing leaves the MLP out", () =>
    Effect.gen(function* () {
      const contexts = 24
      const runnable = yield* loadModel((yield* randomGpt2).value)
      const ids = modelText(runnable, contexts, time, true)
      const documents = documentsOf(contexts)
      const inputs = yield* captureInputs(contexts, ids)
      const at = (where: string) => captured(inputs, { hook: where, held_out_fraction: 0.4, outlier_factor: 0 })
      const { activations, model } = yield* at("blocks.1.hook_resid_mid")
      const { activations: target } = yield* at(hook)
      const weights = { ...identity, apply_b_dec_to_input: false, transcoder: { d_out: d_model } }
      const sae = yield* saeOf(weights, { hook: "blocks.1.hook_resid_mid" })
      const directory = yield* temporaryDirectory
      const { metrics, artifact } = yield* runStage(evaluate, { sae, activations, target, model }, {}, directory)
      const evaluation = yield* opened(Evaluation, artifact)
      expect(evaluation.value).toMatchObject({ hook: "blocks.1.hook_resid_mid", hook_out: hook })

      const held = new Set(activations.value.split.held_out_documents)
      const isHeld = Array.from(documents, (document) => held.has(document))
      const left = runModel(
        runnable,
        { ids, batch: contexts, time },
        {
          logits: true,
          replace: {
            "blocks.1.hook_mlp_out": (out) => {
              const kept = Float32Array.from(isHeld, (there) => (there ? 0 : 1))
              return tf.mul(out, tf.tensor3d(kept, [contexts, time, 1]))
            }
          }
        }
      )
      const values = (left.logits as tf.Tensor3D).dataSync<"float32">()
      tf.dispose([left.logits as tf.Tensor3D])
      let [sum, count] = [0, 0]
      for (let i = 0; i < ids.length; i++) {
        if (i % time === time - 1 || isHeld[i] !== true || documents[i + 1] !== documents[i]) continue
        const row = values.subarray(i * vocabulary, (i + 1) * vocabulary)
        sum += Math.log(row.reduce((s, x) => s + Math.exp(x), 0)) - (row[ids[i + 1] as number] as number)
        count += 1
      }
      expect(metrics["ce_sae"]).toBeCloseTo(sum / count, 4)
      const [rows, wanted] = [
        yield* activations.value.held_out.loadRows(),
        yield* target.value.held_out.loadRows()
      ] as const
      const missed = wanted.reduce((total, y, i) => total + (y - (rows[i] as number)) ** 2, 0)
      expect(metrics["mse"]).toBeCloseTo(missed / target.value.held_out.rows, 4)

      const refused = (given: Readonly<Record<string, Given>>) =>
        Effect.map(Effect.flip(runStage(evaluate, given, {}, directory)), ({ message }) => message)
      expect(yield* refused({ sae, activations, model })).toContain("Give its target")
      const elsewhere = yield* saeOf(weights, {
        hook: "blocks.1.hook_resid_mid",
        training: { hook_out: "blocks.1.hook_mlp_out" }
      })
      expect(yield* refused({ sae: elsewhere, activations, target, model })).toContain(
        "trained to give blocks.1.hook_mlp_out, the target is of blocks.1.hook_resid_post"
      )
      const plain = yield* saeOf(identity)
      expect(yield* refused({ sae: plain, activations: target, target, model })).toContain("no transcoder")
    })
  )

  it.effect(
    "SAEs of one hook are evaluated in one pass against ablations of their own, to the same bytes as alone",
    () =>
      Effect.gen(function* () {
        const contexts = 24
        const runnable = yield* loadModel((yield* randomGpt2).value)
        const ids = modelText(runnable, contexts, time, true)
        const { activations, model } = yield* captured(yield* captureInputs(contexts, ids), { held_out_fraction: 0.4 })
        const rows = yield* activations.value.held_out.loadRows()
        const mean = Float32Array.from({ length: d_model }, (_, c) => {
          const own = rows.filter((_, i) => i % d_model === c)
          return own.reduce((sum, x) => sum + x, 0) / own.length
        })
        // One gives back half of its input, the other the mean of all rows, whatever it reads.
        const half = yield* saeOf({ ...identity, W_dec: identity.W_dec.map((w) => w / 2) })
        const flat = yield* saeOf({ ...identity, W_dec: new Float32Array(2 * d_model * d_model), b_dec: mean })
        const given = { activations, model }
        const ablations = yield* runStage(ablate, given, {}, yield* temporaryDirectory)
        const baseline = yield* opened(Ablations, ablations.artifact)
        const instances = yield* Effect.forEach([half, flat], (sae) =>
          Effect.map(temporaryDirectory, (directory) => ({
            inputs: { ...given, sae, ablations: baseline },
            directory
          }))
        )
        const together = yield* runTogether(evaluate, instances, { kl: true })
        for (const [i, sae] of [half, flat].entries()) {
          const alone = yield* runStage(evaluate, { ...given, sae }, { kl: true }, yield* temporaryDirectory)
          expect(together[i]?.metrics).toEqual(alone.metrics)
          expect(together[i]?.artifact.digest).toBe(alone.artifact.digest)
          for (const [name, value] of Object.entries(ablations.metrics)) expect(alone.metrics[name]).toBe(value)
        }
        const [of, flatly] = together.map(({ metrics }) => metrics)
        expect(of?.["l2_ratio"]).toBeCloseTo(0.5, 5)
        expect(of?.["relative_reconstruction_bias"]).toBeCloseTo(0.5, 5)
        expect(of?.["explained_variance_uncentred"]).toBeCloseTo(0.75, 5)
        // The mean explains nothing, and is what mean ablation puts there.
        expect(flatly?.["explained_variance"]).toBeCloseTo(0, 5)
        expect(flatly?.["ce_sae"]).toBeCloseTo(flatly?.["ce_mean"] ?? 0, 5)
        expect(flatly?.["kl_recovered_mean"]).toBeCloseTo(0, 4)
        expect(flatly?.["ce_resample"]).not.toBeCloseTo(flatly?.["ce_mean"] ?? 0, 2)

        const { value } = yield* opened(Evaluation, together[0]!.artifact)
        for (const groups of [value.by_position ?? [], value.by_token_frequency ?? []]) {
          expect(groups.reduce((sum, group) => sum + group.rows, 0)).toBe(value.rows)
          const errors = groups.reduce((sum, group) => sum + group.rows * group.mse, 0)
          expect(errors / value.rows).toBeCloseTo(value.metrics["mse"] ?? 0, 5)
        }
        // BOS has no row; contexts of 16 end at 15.
        expect(value.by_position?.map(({ first, last }) => [first, last])).toEqual([
          [1, 1],
          [2, 3],
          [4, 7],
          [8, 15]
        ])

        const elsewhere = yield* captured(yield* captureInputs(contexts, ids), { held_out_fraction: 0.3 })
        const refused = yield* Effect.flip(
          runStage(
            evaluate,
            { sae: half, ...given, activations: elsewhere.activations, ablations: baseline },
            {},
            yield* temporaryDirectory
          )
        )
        expect(refused.message).toContain("Give ablations of the same activations")
      })
  )

  it.effect("an SAE of another hook or width, and activations of another model, are refused", () =>
    Effect.gen(function* () {
      const { activations, model } = yield* captured(yield* captureInputs(20))
      const directory = yield* temporaryDirectory
      const run = (sae: Given, given: Given = model) =>
        Effect.map(Effect.flip(runStage(evaluate, { sae, activations, model: given }, {}, directory)), (e) => e.message)
      expect(yield* run(yield* saeOf(identity, { hook: "blocks.0.hook_resid_pre" }))).toContain("trained at blocks.0")
      const narrow = { ...identity, d_in: 1, d_sae: 512, b_enc: new Float32Array(512), b_dec: new Float32Array(1) }
      expect(yield* run(yield* saeOf(narrow))).toContain("rows of 1 numbers")
      const other = { ...model, artifact: { ...model.artifact, digest: "f".repeat(64) } }
      expect(yield* run(yield* saeOf(identity), other)).toContain("the model given is ffffffff")
    })
  )
})

it("nothing is left on the engine but what the tests made themselves", () => {
  expect(tf.memory().numTensors - tensorsBefore).toBeLessThan(20)
})
