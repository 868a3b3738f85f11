import { assert, beforeAll, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { logitWeights } from "../../../src/analysis/rule/logit-weights.ts"
import { findHook, type HookPoint } from "../../../src/model/hook-name.ts"
import { openModel } from "../../../src/model/open-model.ts"
import { loadTestEngine } from "../../engine.ts"
import { d_model as d, randomGpt2, vocabulary } from "../../sae/random-gpt2.ts"

beforeAll(loadTestEngine)

it.effect("logit weights are the product of the matrices on the straight way: W_out, LN's own, W_U", () =>
  Effect.gen(function* () {
    const language = (yield* randomGpt2).value
    const model = yield* openModel(language)
    const stored = yield* language.weights
    const read = (name: string) => stored.float32(`transformer.${name}`)
    const [wte, gain] = [yield* read("wte.weight"), yield* read("ln_f.weight")]
    const weightsAt = (name: string, direction: Float32Array) =>
      logitWeights(model, findHook(name, model.info) as HookPoint, direction)
    const expected = (x: ReadonlyArray<number>) => {
      const mean = x.reduce((sum, each) => sum + each, 0) / d
      return Array.from({ length: vocabulary }, (_, token) =>
        x.reduce((sum, each, i) => sum + (each - mean) * gain[i]! * wte[token * d + i]!, 0)
      )
    }
    const close = (found: Float64Array | undefined, wanted: ReadonlyArray<number>) => {
      assert.strictEqual(found?.length, wanted.length)
      for (const [i, weight] of wanted.entries()) assert.approximately(found![i]!, weight, 1e-4)
      assert.isAbove(Math.max(...wanted.map(Math.abs)), 1e-2)
    }
    const direction = Float32Array.from({ length: d }, (_, i) => Math.sin(i + 1))
    for (const hook of ["hook_resid_pre", "hook_resid_mid", "hook_resid_post", "hook_attn_out", "hook_mlp_out"]) {
      close(weightsAt(`blocks.0.${hook}`, direction), expected([...direction]))
    }
    const neurons = Float32Array.from({ length: 4 * d }, (_, i) => Math.cos(i))
    const out = yield* read("h.0.mlp.c_proj.weight")
    const written = Array.from({ length: d }, (_, i) => neurons.reduce((sum, x, j) => sum + x * out[j * d + i]!, 0))
    close(weightsAt("blocks.0.mlp.hook_post", neurons), expected(written))
    // Two at once are each what it is alone.
    const both = weightsAt("blocks.1.hook_resid_post", Float32Array.from([...direction, ...direction.map((x) => -x)]))!
    close(both.subarray(0, vocabulary), expected([...direction]))
    close(both.subarray(vocabulary), expected([...direction].map((x) => -x)))
    assert.isUndefined(weightsAt("blocks.0.mlp.hook_pre", neurons))
  })
)
