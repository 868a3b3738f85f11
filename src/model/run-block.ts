/** One block: attention and MLP, each reading a normalised residual stream and adding to it. */
import * as tf from "@tensorflow/tfjs-core"
import { normalize } from "./blocks/norm.ts"
import type { Hooks, Pass, Run } from "./blocks/part.ts"
import type { NormWeights } from "./blocks/weights.ts"
import type { ModelBody } from "./runnable-model.ts"

/** @param input [batch, time, d_model] */
export const runBlock = (model: ModelBody, layer: number, input: tf.Tensor, pass: Pass, hooks: Hooks): tf.Tensor => {
  const { info, norm, residualScale } = model
  const weights = model.weights.blocks[layer] as ModelBody["weights"]["blocks"][number]
  const { attention, mlp, after } = model.blocks[layer] as ModelBody["blocks"][number]
  const here: Hooks = {
    visit: (point, activation) => hooks.visit(`blocks.${layer}.${point}`, activation),
    watches: (point) => hooks.watches(`blocks.${layer}.${point}`)
  }
  /** What a part adds to the residual stream, [batch, time, d_model]. */
  const added = (point: string, run: Run, residual: tf.Tensor, before?: NormWeights, after?: NormWeights): tf.Tensor =>
    tf.tidy(() => {
      const read = before === undefined ? residual : normalize(residual, before, norm)
      const out = run({ read, residual, pass, hooks: here })
      const normal = after === undefined ? out : normalize(out, after, norm)
      return here.visit(point, residualScale === 1 ? normal : tf.mul(normal, residualScale))
    })
  const pre = here.visit("hook_resid_pre", input)
  const fromAttention = added("hook_attn_out", attention, pre, weights.attentionNorm, weights.attentionPostNorm)
  const mid = info.parallel ? pre : here.visit("hook_resid_mid", tf.add(pre, fromAttention))
  const fromMlp = tf.add(mid, added("hook_mlp_out", mlp, mid, weights.mlpNorm, weights.mlpPostNorm))
  const sum = info.parallel ? tf.add(fromMlp, fromAttention) : fromMlp
  const more = after === undefined ? sum : tf.add(sum, after({ read: sum, residual: sum, pass, hooks: here }))
  return here.visit("hook_resid_post", weights.scale === undefined ? more : tf.mul(more, weights.scale))
}
