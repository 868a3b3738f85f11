/** One block: attention and MLP, each reading a normalised residual stream and adding to it. */
import * as tf from "@tensorflow/tfjs-core"
import { normalize, normalizeBy } from "./blocks/norm.ts"
import type { Hooks, Memory, Pass } from "./blocks/part.ts"
import type { NormWeights } from "./blocks/weights.ts"
import type { NormPlace } from "./decoder/model-info.ts"
import type { ModelBody } from "./runnable-model.ts"

const none: Memory = { before: () => undefined, keep: undefined }

/**
 * @param input [batch, time, d_model]
 * @param memory of attention, or of what stands in its place: no other part looks at other tokens
 */
export const runBlock = (
  model: ModelBody,
  layer: number,
  input: tf.Tensor,
  pass: Pass,
  memory: Memory,
  hooks: Hooks
): tf.Tensor => {
  const { info, norm, residualScale } = model
  const weights = model.weights.blocks[layer] as ModelBody["weights"]["blocks"][number]
  const { attention, mlp, after } = model.blocks[layer] as ModelBody["blocks"][number]
  const here: Hooks = {
    visit: (point, activation) => hooks.visit(`blocks.${layer}.${point}`, activation),
    watches: (point) => hooks.watches(`blocks.${layer}.${point}`)
  }
  const normal = (place: NormPlace, x: tf.Tensor, of: NormWeights | undefined): tf.Tensor => {
    const hook = `${place}.hook_scale`
    if (of === undefined) return x
    return here.watches(hook) ? normalizeBy(x, of, norm, (scale) => here.visit(hook, scale)) : normalize(x, of, norm)
  }
  const contribution = (point: string, x: tf.Tensor): tf.Tensor =>
    here.visit(point, residualScale === 1 ? x : tf.mul(x, residualScale))
  /** What attention adds to the residual stream, [batch, time, d_model]; the same of the MLP below. */
  const attended = (residual: tf.Tensor): tf.Tensor =>
    tf.tidy(() => {
      const read = normal("ln1", residual, weights.attentionNorm)
      const out = attention({ read, residual, pass, memory, hooks: here })
      return contribution("hook_attn_out", normal("ln1_post", out, weights.attentionPostNorm))
    })
  const computed = (residual: tf.Tensor): tf.Tensor =>
    tf.tidy(() => {
      const read = here.visit("mlp.hook_in", normal("ln2", residual, weights.mlpNorm))
      const out = mlp({ read, residual, pass, memory: none, hooks: here })
      return contribution("hook_mlp_out", normal("ln2_post", out, weights.mlpPostNorm))
    })
  const pre = here.visit("hook_resid_pre", input)
  const fromAttention = attended(pre)
  const mid = info.parallel ? pre : here.visit("hook_resid_mid", tf.add(pre, fromAttention))
  const fromMlp = tf.add(mid, computed(mid))
  const sum = info.parallel ? tf.add(fromMlp, fromAttention) : fromMlp
  const more =
    after === undefined ? sum : tf.add(sum, after({ read: sum, residual: sum, pass, memory: none, hooks: here }))
  return here.visit("hook_resid_post", weights.scale === undefined ? more : tf.mul(more, weights.scale))
}
