import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { findHook } from "../../src/model/hook-name.ts"
import { logitGradient } from "../../src/model/logit-gradient.ts"
import { runModel } from "../../src/model/run-model.ts"
import * as Rng from "../../src/random/rng.ts"
import { loadTestEngine } from "../engine.ts"
import { families, ownGolden, twoTexts } from "./own-golden.ts"
import { inFloats } from "../../src/model/blocks/matrix-rows.ts"

beforeAll(loadTestEngine)

const hooks = [
  "hook_embed",
  "blocks.0.hook_resid_pre",
  "blocks.0.attn.hook_q",
  "blocks.0.attn.hook_k",
  "blocks.0.attn.hook_v",
  "blocks.0.attn.hook_pattern",
  "blocks.0.attn.hook_z",
  "blocks.3.attn.hook_q",
  "blocks.0.linear_attn.hook_q",
  "blocks.0.linear_attn.hook_log_decay",
  "blocks.0.mlp.hook_router_logits",
  "blocks.1.mlp.hook_expert_weights",
  "blocks.0.hook_attn_out",
  "blocks.0.hook_resid_mid",
  "blocks.0.ln2.hook_scale",
  "blocks.0.mlp.hook_in",
  "blocks.0.mlp.hook_pre",
  "blocks.1.mlp.hook_post",
  "blocks.1.hook_mlp_out",
  "blocks.1.hook_resid_post",
  "ln_final.hook_normalized"
]

/** A difference of two logits at the last position of each text, summed. */
const scalar = (logits: tf.Tensor3D): tf.Scalar => {
  const at = (token: number) => tf.slice(logits, [0, twoTexts.time - 1, token], [twoTexts.batch, 1, 1])
  return tf.sum(tf.sub(at(7), at(11)))
}

describe("the gradient of a number made of the logits", () => {
  for (const family of [...families, "gemma4_text", "gemma4_experts"]) {
    it.effect(`${family}: agrees with finite differences at every hook, and leaves nothing behind`, () =>
      Effect.gen(function* () {
        const model = yield* ownGolden(family)
        const rng = Rng.make(3, family)
        // Not every block has every hook: another block's, or another kind's, stands for it.
        for (const hook of hooks.filter((name) => typeof findHook(name, model.info) !== "string")) {
          const before = tf.memory().numTensors
          const { activation, gradient, value } = logitGradient(model, twoTexts, { hook, scalar })
          expect(tf.memory().numTensors, hook).toBe(before + 2)
          const valueAt = (x: tf.Tensor): number =>
            tf.tidy(() => {
              const { logits } = runModel(model, twoTexts, { logits: true, replace: { [hook]: () => x } })
              const result = scalar(logits as tf.Tensor3D).dataSync()[0] as number
              ;(logits as tf.Tensor).dispose()
              return result
            })
          // Halfway between the gradient and a random direction. GPT-2's ReLU has kinks, so steps are small.
          const size = tf.norm(gradient).dataSync()[0] as number
          const random = tf.tensor(
            Float32Array.from({ length: activation.size }, () => rng.normal()),
            activation.shape
          )
          const between = tf.add(tf.div(gradient, size), tf.div(random, tf.norm(random)))
          const direction = tf.div(between, tf.norm(between))
          const step = tf.mul(direction, 2e-3)
          const [above, below] = [valueAt(tf.add(activation, step)), valueAt(tf.sub(activation, step))]
          expect(Math.abs((above + below) / 2 - value), hook).toBeLessThan(5e-4)
          const wanted = tf.sum(tf.mul(gradient, direction)).dataSync()[0] as number
          expect(Math.abs((above - below) / 4e-3 - wanted), hook).toBeLessThan(0.02 * size + 2e-3)
          expect(size, hook).toBeGreaterThan(0.01)
        }
      })
    )
  }

  it.effect("is taken where it is asked for", () =>
    Effect.gen(function* () {
      const model = yield* ownGolden("gemma3")
      const hook = "ln_final.hook_normalized"
      const at = tf.zeros([2, 10, model.info.d_model])
      const { gradient, value } = logitGradient(model, twoTexts, { hook, scalar, at })
      // At zero every logit is 0 and caps are flat: the gradient is the difference of two unembedding rows.
      expect(value).toBe(0)
      const rows = inFloats(model.weights.unembedding).arraySync()
      const last = (gradient as tf.Tensor3D).arraySync()[0]?.[9] as Array<number>
      for (const [i, x] of last.entries())
        expect(x).toBeCloseTo((rows[7]?.[i] as number) - (rows[11]?.[i] as number), 5)
      expect(() =>
        logitGradient(model, twoTexts, { hook, scalar: (logits) => logits as unknown as tf.Scalar })
      ).toThrow("a scalar is wanted")
    })
  )
})
