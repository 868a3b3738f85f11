/**
 * What a neuron of an MLP reads: the norm of its input weights and its bias, of the MLP's input after its normalisation. Read off the
 * MLP itself, which is linear up to there: at an input of zeros a neuron gives its bias, at a unit vector a weight more.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type RunnableModel, runModel } from "../../model/run-model.ts"

export interface NeuronWeights {
  readonly norm: Float64Array
  readonly bias: Float64Array
}

/** Synchronous. Of a gated MLP they are the gate's. */
export const neuronWeights = (model: RunnableModel, layer: number): NeuronWeights => {
  const { d_model: d, n_ctx } = model.info
  const [input, output] = [`blocks.${layer}.mlp.hook_in`, `blocks.${layer}.mlp.hook_pre`]
  const step = Math.min(n_ctx, 64)
  let [norm, bias] = [new Float64Array(0), new Float64Array(0)]
  for (let first = 0; first < d; first += step - 1) {
    const count = Math.min(step - 1, d - first)
    const rows = tf.tidy(() => {
      const units = tf.oneHot(tf.range(first, first + count, 1, "int32"), d)
      const x = tf.reshape(tf.concat([tf.zeros([1, d]), tf.cast(units, "float32")]), [1, count + 1, d])
      const { activations } = runModel(
        model,
        { ids: new Int32Array(count + 1), batch: 1, time: count + 1 },
        { hooks: [output], replace: { [input]: () => x } }
      )
      const values = activations[output]!.dataSync<"float32">().slice()
      tf.dispose(activations)
      return values
    })
    const width = rows.length / (count + 1)
    if (first === 0) [norm, bias] = [new Float64Array(width), Float64Array.from(rows.subarray(0, width))]
    for (let i = 0; i < width; i++) {
      for (let r = 1; r <= count; r++) norm[i]! += (rows[r * width + i]! - bias[i]!) ** 2
    }
  }
  return { norm: norm.map(Math.sqrt), bias }
}
