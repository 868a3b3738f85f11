import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { hookPoints } from "../../src/model/hook-name.ts"
import { type RunnableModel, runModel } from "../../src/model/run-model.ts"
import { loadTestEngine } from "../engine.ts"
import { families, ownAttentions, ownGolden, twoTexts } from "./own-golden.ts"

beforeAll(loadTestEngine)

const values = (tensor: tf.Tensor | undefined): Float32Array => (tensor as tf.Tensor).dataSync<"float32">()

const greatestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length)
  return Math.max(...Array.from(a, (x, i) => Math.abs(x - (b[i] as number))))
}

const everything = (model: RunnableModel) =>
  runModel(model, twoTexts, { hooks: hookPoints(model.info).map(({ name }) => name), logits: true })

describe("the forward pass", () => {
  for (const family of families) {
    it.effect(`${family}: every hook has its shape, and hooks fit together`, () =>
      Effect.gen(function* () {
        const model = yield* ownGolden(family)
        const attentions = yield* ownAttentions(family)
        const { n_heads: heads, n_layers: layers, d_head, n_key_value_heads } = model.info
        const { batch, time } = twoTexts
        const { activations, logits } = everything(model)
        for (const { name, shape, perToken } of hookPoints(model.info)) {
          const wanted = perToken ? [batch, time, ...shape] : [batch, heads, time, time]
          expect(activations[name]?.shape, name).toEqual(wanted)
        }
        for (let l = 0; l < layers; l++) {
          const at = (point: string) => activations[`blocks.${l}.${point}`] as tf.Tensor
          const mid = values(tf.add(at("hook_resid_pre"), at("hook_attn_out")))
          expect(greatestDifference(mid, values(at("hook_resid_mid")))).toBeLessThan(1e-5)
          const post = values(tf.add(at("hook_resid_mid"), at("hook_mlp_out")))
          expect(greatestDifference(post, values(at("hook_resid_post")))).toBeLessThan(1e-5)
          // Something else may stand in attention's place.
          if (attentions[l] === undefined) continue
          const [pattern, v, z] = [
            values(at("attn.hook_pattern")),
            values(at("attn.hook_v")),
            values(at("attn.hook_z"))
          ] as const
          const window = attentions[l]?.window ?? time
          for (let b = 0; b < batch; b++) {
            for (let h = 0; h < heads; h++) {
              for (let q = 0; q < time; q++) {
                const row = pattern.subarray(
                  ((b * heads + h) * time + q) * time,
                  ((b * heads + h) * time + q + 1) * time
                )
                const sum = row.reduce((total, x) => total + x, 0)
                // A sink takes its share.
                if (family === "gpt_oss") expect(sum).toBeLessThan(1)
                else expect(sum).toBeCloseTo(1, 5)
                for (let k = 0; k < time; k++) {
                  if (k > q || k <= q - window) expect(row[k]).toBe(0)
                }
                const shared = Math.floor(h / (heads / n_key_value_heads))
                for (let i = 0; i < d_head; i++) {
                  let mixed = 0
                  for (let k = 0; k <= q; k++) {
                    mixed +=
                      (row[k] as number) * (v[((b * time + k) * n_key_value_heads + shared) * d_head + i] as number)
                  }
                  expect(z[((b * time + q) * heads + h) * d_head + i]).toBeCloseTo(mixed, 4)
                }
              }
            }
          }
        }
        tf.dispose([activations, logits as tf.Tensor])
      })
    )
  }

  for (const family of [...families, "gemma4_text", "gemma4_experts", "qwen3_5_moe_text"]) {
    it.effect(`${family}: who looks at every hook sees the numbers that come out where nobody looks`, () =>
      Effect.gen(function* () {
        const model = yield* ownGolden(family)
        const { activations, logits } = everything(model)
        const unwatched = runModel(model, twoTexts, { logits: true })
        expect(values(unwatched.logits)).toEqual(values(logits))
        tf.dispose([activations, logits as tf.Tensor, unwatched.logits as tf.Tensor])
      })
    )
  }

  it.effect(
    "late layers that look at earlier ones' keys, and at their tokens, see them wherever the residual stream is replaced",
    () =>
      Effect.gen(function* () {
        const model = yield* ownGolden("gemma4_text")
        const hook = "blocks.3.hook_resid_post"
        const { activations, logits } = everything(model)
        const before = tf.memory().numTensors
        const residual = activations[hook] as tf.Tensor
        const same = runModel(model, twoTexts, { logits: true, replace: { [hook]: residual } })
        expect(values(same.logits)).toEqual(values(logits))
        // The second layer's keys are the last one's.
        const other = runModel(model, twoTexts, {
          logits: true,
          replace: { [hook]: residual, "blocks.1.attn.hook_k": (x) => tf.neg(x) }
        })
        expect(greatestDifference(values(other.logits), values(logits))).toBeGreaterThan(1e-3)
        tf.dispose([same.logits as tf.Tensor, other.logits as tf.Tensor])
        expect(tf.memory().numTensors).toBe(before)
        expect(() => runModel(model, twoTexts, { hooks: ["blocks.4.attn.hook_k"] })).toThrow(
          "only the blocks 0, 1, 2 have attn.hook_k"
        )
      })
  )

  it.effect("experts and their weights can be replaced: only what is chosen counts", () =>
    Effect.gen(function* () {
      const model = yield* ownGolden("mixtral")
      const { batch, time } = twoTexts
      const at = (point: string) => `blocks.0.mlp.${point}`
      const { activations } = everything(model)
      const [indices, weights, post] = ["hook_expert_indices", "hook_expert_weights", "hook_post"].map((point) =>
        values(activations[at(point)])
      ) as [Float32Array, Float32Array, Float32Array]
      for (let token = 0; token < batch * time; token++) {
        const pair = [2 * token, 2 * token + 1] as const
        expect(indices[pair[0]]).not.toBe(indices[pair[1]])
        expect((weights[pair[0]] as number) + (weights[pair[1]] as number)).toBeCloseTo(1, 5)
        expect(weights[pair[0]]).toBeGreaterThanOrEqual(weights[pair[1]] as number)
      }
      const out = "blocks.0.hook_mlp_out"
      const swap = (x: tf.Tensor) => tf.reverse(x, 2)
      const run = (replace: Parameters<typeof runModel>[2]["replace"]) =>
        runModel(model, twoTexts, { hooks: [out, at("hook_post")], replace: replace ?? {} }).activations
      // The order of a token's experts is all that changes: their weights follow from the logits.
      const swapped = run({ [at("hook_expert_indices")]: swap })
      expect(greatestDifference(values(swapped[out]), values(activations[out]))).toBeLessThan(1e-5)
      expect(greatestDifference(values(swap(swapped[at("hook_post")] as tf.Tensor)), post)).toBeLessThan(1e-5)
      const silent = run({ [at("hook_expert_weights")]: (x) => tf.zerosLike(x) })
      expect(Math.max(...values(silent[out]).map(Math.abs))).toBe(0)
      expect(() => run({ [at("hook_expert_indices")]: (x) => tf.add(x, 4) })).toThrow("experts are 0 to 3")
    })
  )

  for (const point of ["hook_resid_pre", "hook_resid_post"]) {
    it.effect(`a tensor in place of ${point} is where the pass begins, with the numbers of a whole pass`, () =>
      Effect.gen(function* () {
        const model = yield* ownGolden("gemma2")
        const hook = `blocks.1.${point}`
        const { activations, logits } = everything(model)
        const residual = activations[hook] as tf.Tensor
        // Other tokens: they are not read.
        const others = { ...twoTexts, ids: twoTexts.ids.map(() => 1) }
        const before = tf.memory().numTensors
        const begun = runModel(model, others, { hooks: [hook], logits: true, replace: { [hook]: residual } })
        expect(values(begun.logits)).toEqual(values(logits))
        expect(values(begun.activations[hook])).toEqual(values(residual))
        // Somebody looks at what comes before: then it is run.
        const whole = runModel(model, others, { hooks: ["hook_embed"], logits: true, replace: { [hook]: residual } })
        expect(values(whole.logits)).toEqual(values(logits))
        expect(values(whole.activations["hook_embed"])).not.toEqual(values(activations["hook_embed"]))
        tf.dispose([begun, whole] as never)
        expect(tf.memory().numTensors).toBe(before)
        const narrow = tf.zeros([twoTexts.batch, twoTexts.time, 1])
        expect(() => runModel(model, twoTexts, { logits: true, replace: { [hook]: narrow } })).toThrow(
          `replacement at ${hook} has shape`
        )
        tf.dispose([activations, logits as tf.Tensor, narrow])
      })
    )
  }

  it.effect("several hooks at once are the same as each alone, the pass stops after the last, nothing leaks", () =>
    Effect.gen(function* () {
      const model = yield* ownGolden("gemma2")
      const names = ["hook_embed", "blocks.0.attn.hook_k", "blocks.1.hook_resid_pre"]
      const before = tf.memory().numTensors
      const together = runModel(model, twoTexts, { hooks: names.toReversed() })
      expect(Object.keys(together.activations).toSorted()).toEqual(names.toSorted())
      expect(together.logits).toBeUndefined()
      expect(tf.memory().numTensors).toBe(before + names.length)
      for (const name of names) {
        // What comes after the hook is never reached: there, this replacement would throw.
        const alone = runModel(model, twoTexts, {
          hooks: [name],
          replace: {
            "blocks.1.hook_attn_out": () => {
              throw new Error("the pass went on")
            }
          }
        })
        expect(values(alone.activations[name])).toEqual(values(together.activations[name]))
        tf.dispose(alone.activations)
      }
      tf.dispose(together.activations)
      expect(tf.memory().numTensors).toBe(before)
    })
  )

  it.effect(
    "a replacement at one position changes later positions only, and putting back the same changes nothing",
    () =>
      Effect.gen(function* () {
        const model = yield* ownGolden("qwen3")
        const { batch, time } = twoTexts
        const { d_model, d_vocab: vocabulary } = model.info
        const hook = "blocks.0.hook_resid_post"
        const clean = values(runModel(model, twoTexts, { logits: true }).logits)
        const same = runModel(model, twoTexts, { logits: true, replace: { [hook]: (x) => tf.clone(x) } })
        expect(values(same.logits)).toEqual(clean)
        const position = 6
        const mask = tf.tensor3d(
          Float32Array.from({ length: time }, (_, t) => (t === position ? 0 : 1)),
          [1, time, 1]
        )
        const patched = runModel(model, twoTexts, {
          hooks: [hook],
          logits: true,
          replace: { [hook]: (x) => tf.mul(x, mask) }
        })
        const put = values(patched.activations[hook])
        for (let i = 0; i < d_model; i++) expect(Math.abs(put[position * d_model + i] as number)).toBe(0)
        const logits = values(patched.logits)
        for (let b = 0; b < batch; b++) {
          for (let t = 0; t < time; t++) {
            const [from, to] = [(b * time + t) * vocabulary, (b * time + t + 1) * vocabulary] as const
            const difference = greatestDifference(logits.subarray(from, to), clean.subarray(from, to))
            if (t < position) expect(difference).toBe(0)
            else expect(difference).toBeGreaterThan(1e-4)
          }
        }
      })
  )

  it.effect("wrong hooks, tokens, lengths and replacements are refused with the reason", () =>
    Effect.gen(function* () {
      const model = yield* ownGolden("neox_serial")
      const run = (options: Parameters<typeof runModel>[2]) => () => runModel(model, twoTexts, options)
      expect(run({ hooks: ["blocks.0.hook_resid_pst"] })).toThrow('did you mean "blocks.0.hook_resid_post"')
      expect(run({ hooks: ["blocks.2.hook_resid_post"] })).toThrow("blocks 0 to 1")
      expect(run({ hooks: ["hook_embed"], replace: { hook_embed: () => tf.zeros([1]) } })).toThrow("has shape [1]")
      const parallel = { ...model, info: { ...model.info, parallel: true } }
      expect(() => runModel(parallel, twoTexts, { hooks: ["blocks.0.hook_resid_mid"] })).toThrow("side by side")
      const long = { ids: new Int32Array(33), batch: 1, time: 33 }
      expect(() => runModel(model, long, { logits: true })).toThrow("exceeds the model's 32")
      const strange = { ids: Int32Array.of(61), batch: 1, time: 1 }
      expect(() => runModel(model, strange, { logits: true })).toThrow("outside the vocabulary of 61")
    })
  )
})
