import * as tf from "@tensorflow/tfjs-core"
import { assert, beforeAll, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ablateNeurons } from "../../../src/analysis/probing/ablate-neurons.ts"
import { neuronWeights } from "../../../src/analysis/probing/neuron-weights.ts"
import { openModel } from "../../../src/model/open-model.ts"
import { runModel } from "../../../src/model/run-model.ts"
import { loadTestEngine } from "../../engine.ts"
import { d_model, randomGpt2, vocabulary } from "../../sae/random-gpt2.ts"

beforeAll(loadTestEngine)

const [hook, width, time] = ["blocks.1.mlp.hook_post", 4 * d_model, 6]
const ids = Int32Array.from([0, 4, 9, 31, 7, 22])
const context = {
  ids,
  documents: new Int32Array(time),
  spliced: Uint8Array.of(0, 1, 1, 1, 1, 1),
  counted: Uint8Array.of(0, 1, 1, 0, 1, 0)
}

it.effect("a neuron held at its mean costs what the logits of the whole model say, where tokens count", () =>
  Effect.gen(function* () {
    const model = yield* openModel((yield* randomGpt2).value)
    const batch = { ids, batch: 1, time }
    const mean = Float64Array.from({ length: width }, (_, i) => 3 - i / 8)
    const own = runModel(model, batch, { hooks: [hook] }).activations[hook]!.dataSync<"float32">()
    /** By the softmax of all logits, with the whole activation given. */
    const losses = (neuron: number | undefined) => {
      const values = Float32Array.from(own, (x, i) => (i % width === neuron ? mean[neuron]! : x))
      const logits = runModel(model, batch, {
        logits: true,
        replace: { [hook]: tf.tensor(values, [1, time, width]) }
      }).logits!.dataSync<"float32">()
      return [1, 2, 4].map((p) => {
        const row = logits.subarray(p * vocabulary, (p + 1) * vocabulary)
        return Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - row[ids[p + 1]!]!
      })
    }
    const close = (found: Float64Array, wanted: ReadonlyArray<number>) =>
      wanted.forEach((loss, i) => assert.approximately(found[i]!, loss, 1e-4))
    const { clean, ablated } = yield* ablateNeurons(model, { hook, layer: 1, mean }, [0, 7], [context], () => undefined)
    assert.strictEqual(clean.length, 3)
    close(clean, losses(undefined))
    close(ablated[0]!, losses(0))
    close(ablated[1]!, losses(7))
    assert.isAbove(Math.abs(losses(0)[0]! - losses(undefined)[0]!), 1e-3)
  })
)

it.effect("what a neuron reads is linear in the MLP's input: bias at zeros, and the norm of its weights", () =>
  Effect.gen(function* () {
    const language = (yield* randomGpt2).value
    const { norm, bias } = neuronWeights(yield* openModel(language), 1)
    const stored = yield* language.weights
    const weight = yield* stored.float32("transformer.h.1.mlp.c_fc.weight")
    const own = yield* stored.float32("transformer.h.1.mlp.c_fc.bias")
    assert.strictEqual(norm.length, width)
    for (let i = 0; i < width; i++) {
      const column = Array.from({ length: d_model }, (_, row) => weight[row * width + i]!)
      assert.approximately(norm[i]!, Math.hypot(...column), 1e-4)
      assert.approximately(bias[i]!, own[i]!, 1e-5)
    }
  })
)
