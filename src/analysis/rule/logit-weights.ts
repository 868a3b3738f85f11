/**
 * What a direction of a hook adds to every token's logit on the straight way to the unembedding, past all later blocks: the logit weights
 * of Towards Monosemanticity ("Logit weights"). Normalisations divide by one, and what biases give is taken off.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { HookPoint } from "../../model/hook-name.ts"
import { type RunnableModel, runModel } from "../../model/run-model.ts"

/** From here on the way is linear. */
const linear = /^blocks\.\d+\.(hook_resid_(pre|mid|post)|hook_(attn|mlp)_out|mlp\.hook_post|attn\.hook_z)$/

/**
 * Synchronous.
 *
 * @param directions [n, width of the hook]
 * @returns [n, d_vocab], or undefined where what comes after the hook is not linear
 */
export const logitWeights = (
  model: RunnableModel,
  { name, layer, shape, width }: Pick<HookPoint, "name" | "layer" | "shape" | "width">,
  directions: Float32Array
): Float64Array | undefined => {
  if (!linear.test(name)) return undefined
  const { d_model: d, n_layers, points } = model.info
  const n = directions.length / width
  const [inMlp, inAttention] = [name.includes(".mlp."), name.includes(".attn.")]
  const own = (at: string): string => `blocks.${layer}.${at}`
  const passed = [
    ...(inAttention ? [] : [own("hook_attn_out")]),
    ...(inMlp ? [] : [own("hook_mlp_out")]),
    ...Array.from({ length: n_layers - layer - 1 }, (_, i) => layer + 1 + i).flatMap((later) => [
      `blocks.${later}.hook_attn_out`,
      `blocks.${later}.hook_mlp_out`
    ])
  ]
  const norms = (["ln1_post", "ln2_post"] as const).filter((place) => points[layer]!.norms.includes(place))
  const weights = tf.tidy(() => {
    const rows = tf.concat([tf.zeros([1, width]), tf.tensor2d(directions, [n, width])])
    const none = tf.zeros([n + 1, 1, d])
    const ones = tf.ones([n + 1, 1, 1])
    const replace = {
      [own("hook_resid_pre")]: none,
      ...Object.fromEntries(passed.map((hook) => [hook, none])),
      ...Object.fromEntries(norms.map((place) => [own(`${place}.hook_scale`), ones])),
      "ln_final.hook_scale": ones,
      [name]: tf.reshape(rows, [n + 1, 1, ...shape])
    }
    const ids = { ids: new Int32Array(n + 1), batch: n + 1, time: 1 }
    const logits = tf.reshape(runModel(model, ids, { logits: true, replace }).logits as tf.Tensor, [n + 1, -1])
    const [still, moved] = tf.split(logits, [1, n]) as [tf.Tensor, tf.Tensor]
    return tf.sub(moved, still).dataSync<"float32">().slice()
  })
  return Float64Array.from(weights)
}
