/** One block: attention and MLP, each reading a normalised residual stream and adding to it. */
import * as tf from "@tensorflow/tfjs-core"
import { attentionPattern, mixValues } from "./blocks/attention.ts"
import { byHead, headsOf } from "./blocks/heads.ts"
import { linear, project } from "./blocks/linear.ts"
import { normalize } from "./blocks/norm.ts"
import type { RotaryTables } from "./blocks/rotary.ts"
import type { BlockPoint } from "./hook-name.ts"
import type { PassTables } from "./pass-tables.ts"
import type { RunnableModel } from "./runnable-model.ts"
import type { BlockWeights, NormWeights } from "./blocks/weights.ts"

/** Who looks at activations on the way, by hooks' names. */
export interface Hooks<Name extends string = string> {
  /** Told of a hook's activation; gives what the pass goes on with. May end the pass by throwing. */
  readonly visit: (name: Name, activation: tf.Tensor) => tf.Tensor
  /** Whether anybody looks at it: what nobody does need not be computed by itself. */
  readonly watches: (name: Name) => boolean
}

type HooksHere = Hooks<BlockPoint>

/** @param input [batch, time, d_model] */
export const runBlock = (
  model: RunnableModel,
  layer: number,
  block: BlockWeights,
  input: tf.Tensor,
  tables: PassTables,
  hooks: Hooks
): tf.Tensor => {
  const here: HooksHere = {
    visit: (point, activation) => hooks.visit(`blocks.${layer}.${point}`, activation),
    watches: (point) => hooks.watches(`blocks.${layer}.${point}`)
  }
  const pre = here.visit("hook_resid_pre", input)
  const attention = tf.tidy(() => attend(model, layer, block, pre, tables, here))
  const mid = model.info.parallel ? pre : here.visit("hook_resid_mid", tf.add(pre, attention))
  const mlp = tf.tidy(() => runMlp(model, block, mid, here))
  const post = tf.add(mid, mlp)
  return here.visit("hook_resid_post", model.info.parallel ? tf.add(post, attention) : post)
}

/** What attention adds to the residual stream, [batch, time, d_model]. */
const attend = (
  model: RunnableModel,
  layer: number,
  block: BlockWeights,
  pre: tf.Tensor,
  { sight, rotary }: PassTables,
  { visit, watches }: HooksHere
): tf.Tensor => {
  const { info, norm, scoreCap } = model
  const { heads, keyValueHeads, dHead } = info
  const [batch, time] = pre.shape as [number, number, number]
  const projected = tf.reshape<tf.Rank.R4>(project(normalize(pre, block.attentionNorm, norm), block.qkv), [
    batch,
    time,
    heads + 2 * keyValueHeads,
    dHead
  ])
  const part = (point: BlockPoint, from: number, count: number, turn?: RotaryTables, weights?: NormWeights) => {
    const range = { from, count, bias: block.qkv.bias }
    if (weights === undefined && !watches(point)) return byHead(projected, turn, range)
    const own = visit(point, headsOf(projected, range))
    return byHead((weights === undefined ? own : normalize(own, weights, norm)) as tf.Tensor4D, turn)
  }
  const query = part("attn.hook_q", 0, heads, rotary, block.queryNorm)
  const key = part("attn.hook_k", heads, keyValueHeads, rotary, block.keyNorm)
  const value = part("attn.hook_v", heads + keyValueHeads, keyValueHeads)
  const scale = model.attention[layer]?.scoreScale as number
  const pattern = visit("attn.hook_pattern", attentionPattern(query, key, scale, scoreCap, sight))
  const mixed = mixValues(pattern as tf.Tensor4D, value)
  const z = tf.reshape(visit("attn.hook_z", mixed), [batch, time, heads * dHead])
  const out = linear(z, block.attentionOut)
  return visit(
    "hook_attn_out",
    block.attentionPostNorm === undefined ? out : normalize(out, block.attentionPostNorm, norm)
  )
}

/** What the MLP adds to the residual stream, [batch, time, d_model]. */
const runMlp = (
  model: RunnableModel,
  block: BlockWeights,
  mid: tf.Tensor,
  { visit, watches }: HooksHere
): tf.Tensor => {
  const { norm, activation } = model
  const read = normalize(mid, block.mlpNorm, norm)
  const factor = () => (block.mlpUp === undefined ? undefined : linear(read, block.mlpUp))
  const active = watches("mlp.hook_pre")
    ? activation(visit("mlp.hook_pre", linear(read, block.mlpIn)), undefined, factor())
    : activation(project(read, block.mlpIn), block.mlpIn.bias, factor())
  const out = linear(visit("mlp.hook_post", active), block.mlpOut)
  return visit("hook_mlp_out", block.mlpPostNorm === undefined ? out : normalize(out, block.mlpPostNorm, norm))
}
