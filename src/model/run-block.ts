/** One block: attention and MLP, each reading a normalised residual stream and adding to it. */
import * as tf from "@tensorflow/tfjs-core"
import { attentionPattern, mixValues } from "./blocks/attention.ts"
import { linear } from "./blocks/linear.ts"
import { normalize } from "./blocks/normalize.ts"
import { rotate } from "./blocks/rotary.ts"
import type { BlockPoint } from "./hook-name.ts"
import type { PassTables } from "./pass-tables.ts"
import type { RunnableModel } from "./runnable-model.ts"
import type { BlockWeights, NormWeights } from "./weights.ts"

/** Told of every hook's activation; gives what the pass goes on with. May end the pass by throwing. */
export type Visit = (name: string, activation: tf.Tensor) => tf.Tensor

type VisitHere = (point: BlockPoint, activation: tf.Tensor) => tf.Tensor

/** @param input [batch, time, d_model] */
export const runBlock = (
  model: RunnableModel,
  layer: number,
  block: BlockWeights,
  input: tf.Tensor,
  tables: PassTables,
  visit: Visit
): tf.Tensor => {
  const here: VisitHere = (point, activation) => visit(`blocks.${layer}.${point}`, activation)
  const pre = here("hook_resid_pre", input)
  const attention = tf.tidy(() => attend(model, layer, block, pre, tables, here))
  const mid = model.info.parallel ? pre : here("hook_resid_mid", tf.add(pre, attention))
  const mlp = tf.tidy(() => runMlp(model, block, mid, here))
  const post = tf.add(mid, mlp)
  return here("hook_resid_post", model.info.parallel ? tf.add(post, attention) : post)
}

/** What attention adds to the residual stream, [batch, time, d_model]. */
const attend = (
  model: RunnableModel,
  layer: number,
  block: BlockWeights,
  pre: tf.Tensor,
  { mask, rotary }: PassTables,
  here: VisitHere
): tf.Tensor => {
  const { info, norm, scoreCap } = model
  const { heads, keyValueHeads, dHead } = info
  const [batch, time] = pre.shape as [number, number, number]
  const projected = tf.reshape<tf.Rank.R4>(linear(normalize(pre, block.attentionNorm, norm), block.qkv), [
    batch,
    time,
    heads + 2 * keyValueHeads,
    dHead
  ])
  const part = (from: number, count: number): tf.Tensor =>
    tf.slice(projected, [0, 0, from, 0], [batch, time, count, dHead])
  const query = here("attn.hook_q", part(0, heads))
  const key = here("attn.hook_k", part(heads, keyValueHeads))
  const value = here("attn.hook_v", part(heads + keyValueHeads, keyValueHeads))
  const byHead = (x: tf.Tensor): tf.Tensor4D => tf.transpose(x as tf.Tensor4D, [0, 2, 1, 3])
  const placed = (x: tf.Tensor, weights: NormWeights | undefined): tf.Tensor4D => {
    const turnable = byHead(weights === undefined ? x : normalize(x, weights, norm))
    return rotary === undefined ? turnable : rotate(turnable, rotary)
  }
  const scale = model.attention[layer]?.scoreScale as number
  const pattern = attentionPattern(placed(query, block.queryNorm), placed(key, block.keyNorm), scale, scoreCap, mask)
  const mixed = mixValues(here("attn.hook_pattern", pattern) as tf.Tensor4D, byHead(value))
  const z = tf.reshape(here("attn.hook_z", mixed), [batch, time, heads * dHead])
  const out = linear(z, block.attentionOut)
  return here(
    "hook_attn_out",
    block.attentionPostNorm === undefined ? out : normalize(out, block.attentionPostNorm, norm)
  )
}

/** What the MLP adds to the residual stream, [batch, time, d_model]. */
const runMlp = (model: RunnableModel, block: BlockWeights, mid: tf.Tensor, here: VisitHere): tf.Tensor => {
  const { norm, activation } = model
  const read = normalize(mid, block.mlpNorm, norm)
  const pre = here("mlp.hook_pre", linear(read, block.mlpIn))
  const active = activation(pre)
  const post = here("mlp.hook_post", block.mlpUp === undefined ? active : tf.mul(active, linear(read, block.mlpUp)))
  const out = linear(post, block.mlpOut)
  return here("hook_mlp_out", block.mlpPostNorm === undefined ? out : normalize(out, block.mlpPostNorm, norm))
}
