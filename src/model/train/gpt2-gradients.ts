/**
 * Loss of a GPT-2 on a batch and its gradient by every parameter, written out by hand.
 *
 * Written out rather than left to automatic differentiation because two steps are far cheaper that way: the softmax over
 * the vocabulary is the only full pass over the logits (its gradient is folded into the neighbouring products), and no
 * gradient of `gather` is materialised per step. Formulas: Vaswani et al. 2017, Radford et al. 2019 (pre-norm, tied
 * embeddings, GELU in tanh form). Checked against finite differences in the tests.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Gpt2Config } from "../decoder/gpt2-config.ts"
import { attentionBackward, attentionForward, type AttentionTrace, causalMask } from "./attention-gradient.ts"
import { geluBackward, geluForward } from "./gelu-gradient.ts"
import { layerNormBackward, layerNormForward, type LayerNormTrace } from "./layer-norm-gradient.ts"

export interface TrainingBatch {
  /** Number of rows, each of `time` tokens. */
  readonly batch: number
  readonly time: number
  /** [batch * time] token ids. */
  readonly tokens: Int32Array
  /** [batch * time] ids of the tokens that follow. */
  readonly targets: Int32Array
  /** [batch * time] weight of each target in the loss; 0 leaves it out. */
  readonly weights: Float32Array
}

export interface LossAndGradients {
  /** Weighted mean of the cross entropies, in nats. */
  readonly loss: number
  /** Cross entropy of each target, [batch * time], in nats. */
  readonly crossEntropy: Float32Array
  /** Final normalised residual stream, [batch * time, n_embd]: times the transposed embedding it gives the logits. */
  readonly normalized: tf.Tensor2D
  readonly gradients: Readonly<Record<string, tf.Tensor>>
}

interface LayerTrace {
  readonly ln1: LayerNormTrace
  readonly ln1y: tf.Tensor2D
  readonly attention: AttentionTrace
  readonly z: tf.Tensor2D
  readonly ln2: LayerNormTrace
  readonly ln2y: tf.Tensor2D
  readonly pre: tf.Tensor2D
  readonly gate: tf.Tensor2D
  readonly post: tf.Tensor2D
}

/** Adds row i of `rows` to row `at[i]` of `sum`, `sign` times. */
const addRows = (sum: Float32Array, rows: Float32Array, at: Int32Array, sign: number): void => {
  const width = rows.length / at.length
  for (let i = 0; i < at.length; i++) {
    const to = (at[i] as number) * width
    for (let j = 0; j < width; j++) sum[to + j] = sum[to + j]! + sign * rows[i * width + j]!
  }
}

const columnSum = (x: tf.Tensor2D): tf.Tensor1D => tf.sum(x, 0)

/** Call inside `tf.tidy`; `parameters` as `gpt2Parameters` names them. */
export const lossAndGradients = (
  config: Gpt2Config,
  parameters: Readonly<Record<string, tf.Tensor>>,
  input: TrainingBatch
): LossAndGradients => {
  const { n_embd: d, n_head: heads, layer_norm_epsilon: epsilon } = config
  const { batch, time } = input
  const n = batch * time
  const shape = { batch, time, heads, head: d / heads }
  const parameter = <T extends tf.Tensor>(name: string): T => {
    const tensor = parameters[name]
    if (tensor === undefined) throw new RangeError(`parameter ${name} is missing`)
    return tensor as T
  }
  const wte = parameter<tf.Tensor2D>("transformer.wte.weight")
  const wpe = parameter<tf.Tensor2D>("transformer.wpe.weight")
  const mask = causalMask(time)
  const linear = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    tf.add(tf.matMul(x, parameter<tf.Tensor2D>(`${name}.weight`)), parameter(`${name}.bias`)) as tf.Tensor2D

  const tokens = tf.tensor1d(input.tokens, "int32")
  const positions = tf.slice(wpe, [0, 0], [time, d])
  let x = tf.reshape(tf.add(tf.reshape(tf.gather(wte, tokens), [batch, time, d]), positions), [n, d]) as tf.Tensor2D
  const traces: Array<LayerTrace> = []
  for (let l = 0; l < config.n_layer; l++) {
    const at = `transformer.h.${l}`
    const ln1 = layerNormForward(x, parameter(`${at}.ln_1.weight`), parameter(`${at}.ln_1.bias`), epsilon)
    const attention = attentionForward(linear(ln1.y, `${at}.attn.c_attn`), shape, mask)
    const mid = tf.add(x, linear(attention.z, `${at}.attn.c_proj`)) as tf.Tensor2D
    const ln2 = layerNormForward(mid, parameter(`${at}.ln_2.weight`), parameter(`${at}.ln_2.bias`), epsilon)
    const pre = linear(ln2.y, `${at}.mlp.c_fc`)
    const { y: post, gate } = geluForward(pre)
    x = tf.add(mid, linear(post, `${at}.mlp.c_proj`)) as tf.Tensor2D
    traces.push({
      ln1: ln1.trace,
      ln1y: ln1.y,
      attention: attention.trace,
      z: attention.z,
      ln2: ln2.trace,
      ln2y: ln2.y,
      pre,
      gate,
      post
    })
  }
  const final = layerNormForward(x, parameter("transformer.ln_f.weight"), parameter("transformer.ln_f.bias"), epsilon)

  // Cross entropy: with p = softmax(h E^T), the gradient by the logits is w (p - onehot). The one-hot part is a gather.
  const targets = tf.tensor1d(input.targets, "int32")
  const total = input.weights.reduce((sum, w) => sum + w, 0)
  const weights = tf.tensor2d(
    Float32Array.from(input.weights, (w) => w / total),
    [n, 1]
  )
  const p = tf.softmax(tf.matMul(final.y, wte, false, true)) as tf.Tensor2D
  const at = new Int32Array(2 * n)
  for (let i = 0; i < n; i++) {
    at[2 * i] = i
    at[2 * i + 1] = input.targets[i] as number
  }
  const ofTarget = tf.gatherND(p, tf.tensor2d(at, [n, 2], "int32"))
  const crossEntropy = tf.neg(tf.log(tf.maximum(ofTarget, 1e-30))).dataSync() as Float32Array
  let loss = 0
  for (let i = 0; i < n; i++) loss += (input.weights[i] as number) * (crossEntropy[i] as number)
  loss /= total

  const gradients: Record<string, tf.Tensor> = {}
  const weighted = tf.mul(final.y, weights) as tf.Tensor2D
  const dFinal = tf.mul(tf.sub(tf.matMul(p, wte), tf.gather(wte, targets)), weights) as tf.Tensor2D
  const unembedding = tf.matMul(p, weighted, true, false)

  const linearBackward = (dy: tf.Tensor2D, input_: tf.Tensor2D, name: string): tf.Tensor2D => {
    gradients[`${name}.weight`] = tf.matMul(input_, dy, true, false)
    gradients[`${name}.bias`] = columnSum(dy)
    return tf.matMul(dy, parameter<tf.Tensor2D>(`${name}.weight`), false, true)
  }
  const normBackward = (dy: tf.Tensor2D, trace: LayerNormTrace, name: string): tf.Tensor2D => {
    const { dx, dWeight, dBias } = layerNormBackward(dy, trace, parameter(`${name}.weight`))
    gradients[`${name}.weight`] = dWeight
    gradients[`${name}.bias`] = dBias
    return dx
  }
  let dx = normBackward(dFinal, final.trace, "transformer.ln_f")
  for (let l = config.n_layer - 1; l >= 0; l--) {
    const name = `transformer.h.${l}`
    const trace = traces[l] as LayerTrace
    const dPost = linearBackward(dx, trace.post, `${name}.mlp.c_proj`)
    const dPre = geluBackward(dPost, trace.pre, trace.gate, trace.post)
    const dLn2 = linearBackward(dPre, trace.ln2y, `${name}.mlp.c_fc`)
    dx = tf.add(dx, normBackward(dLn2, trace.ln2, `${name}.ln_2`)) as tf.Tensor2D
    const dz = linearBackward(dx, trace.z, `${name}.attn.c_proj`)
    const dQkv = attentionBackward(dz, shape, trace.attention)
    const dLn1 = linearBackward(dQkv, trace.ln1y, `${name}.attn.c_attn`)
    dx = tf.add(dx, normBackward(dLn1, trace.ln1, `${name}.ln_1`)) as tf.Tensor2D
  }
  // Not every engine can add rows by index, and a loop over batch * time rows costs a millisecond.
  const scattered = new Float32Array(config.vocab_size * d)
  addRows(scattered, dx.dataSync() as Float32Array, input.tokens, 1)
  addRows(scattered, weighted.dataSync() as Float32Array, input.targets, -1)
  gradients["transformer.wte.weight"] = tf.add(unembedding, tf.tensor2d(scattered, [config.vocab_size, d]))
  const dPositions = tf.sum(tf.reshape(dx, [batch, time, d]), 0) as tf.Tensor2D
  gradients["transformer.wpe.weight"] =
    time === config.n_positions
      ? dPositions
      : tf.pad(dPositions, [
          [0, config.n_positions - time],
          [0, 0]
        ])
  return { loss, crossEntropy, normalized: final.y, gradients }
}
