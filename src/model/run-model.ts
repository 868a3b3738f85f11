/**
 * The forward pass of a decoder-only transformer with pre-norm blocks: returns activations at hooks, replaces them where
 * asked, and stops after the last hook that anybody wants.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { ModelDescription } from "./architecture.ts"
import { causalAttention, causalMask } from "./blocks/attention.ts"
import { layerNorm } from "./blocks/layer-norm.ts"
import { linear } from "./blocks/linear.ts"
import { findHook } from "./hook-name.ts"
import type { BlockWeights, ModelWeights } from "./weights.ts"

/** A model ready to run; its tensors live until `dispose` (`loadModel` calls it when its scope closes). */
export interface RunnableModel extends ModelDescription {
  readonly weights: ModelWeights
  readonly dispose: () => void
}

/** Whole contexts of equal length, row-major. */
export interface TokenBatch {
  /** [batch * time] token ids. */
  readonly ids: Int32Array
  readonly batch: number
  readonly time: number
}

export interface RunOptions {
  /** Names of the hooks whose activations are wanted, e.g. `blocks.1.hook_resid_post`. */
  readonly hooks?: ReadonlyArray<string>
  /** Whether the logits are wanted. @default false */
  readonly logits?: boolean
  /**
   * Activations to put in place of the model's own, by hook: gets the model's, [batch, time, ...shape], and gives one of
   * the same shape. What `hooks` returns at the same place is the replacement.
   */
  readonly replace?: Readonly<Record<string, (activation: tf.Tensor) => tf.Tensor>>
}

export interface RunResult {
  /** By hook name, [batch, time, ...shape of the hook]: `hook_z` is [batch, time, heads, d_head]. */
  readonly activations: Readonly<Record<string, tf.Tensor>>
  /** [batch, time, vocabulary], where they were asked for. */
  readonly logits: tf.Tensor3D | undefined
}

/**
 * Synchronous. The result's tensors belong to the caller; everything else is freed.
 *
 * @throws RangeError for an unknown hook, a token id outside the vocabulary, a context that is too long, or a
 *   replacement of another shape
 */
export const runModel = (model: RunnableModel, tokens: TokenBatch, options: RunOptions): RunResult => {
  const { info } = model
  const { ids, batch, time } = tokens
  if (ids.length !== batch * time) throw new RangeError(`${ids.length} ids are not ${batch} contexts of ${time}`)
  if (time > info.context) throw new RangeError(`a context of ${time} tokens exceeds the model's ${info.context}`)
  for (const id of ids) {
    if (id < 0 || id >= info.vocabulary)
      throw new RangeError(`token id ${id} is outside the vocabulary of ${info.vocabulary}`)
  }
  const wanted = new Set(options.hooks ?? [])
  const replace = options.replace ?? {}
  const logits = options.logits ?? false
  let last = logits ? Number.POSITIVE_INFINITY : -1
  for (const name of [...wanted, ...Object.keys(replace)]) {
    const hook = findHook(name, info)
    if (typeof hook === "string") throw new RangeError(hook)
    if (wanted.has(name)) last = Math.max(last, hook.order)
  }
  const activations: Record<string, tf.Tensor> = {}
  const out: { logits: tf.Tensor3D | undefined } = { logits: undefined }
  tf.tidy(() => {
    const visit = (name: string, activation: tf.Tensor): tf.Tensor => {
      const swap = replace[name]
      const value = swap === undefined ? activation : swap(activation)
      if (value.shape.join() !== activation.shape.join()) {
        throw new RangeError(
          `replacement at ${name} has shape [${value.shape.join(", ")}], not [${activation.shape.join(", ")}]`
        )
      }
      if (wanted.has(name)) activations[name] = tf.keep(value.clone())
      return value
    }
    const reached = (): boolean => Object.keys(activations).length === wanted.size && !logits
    if (last < 0) return
    const x = forward(model, tokens, visit, reached)
    if (x === undefined || !logits) return
    const flat = tf.matMul(tf.reshape(x, [batch * time, info.dModel]), model.weights.unembedding, false, true)
    out.logits = tf.keep(tf.reshape(flat, [batch, time, info.vocabulary]))
  })
  return { activations, logits: out.logits }
}

type Visit = (name: string, activation: tf.Tensor) => tf.Tensor

/** The final normalised residual stream, or undefined when `reached` said that nothing more is wanted. */
const forward = (
  model: RunnableModel,
  { ids, batch, time }: TokenBatch,
  visit: Visit,
  reached: () => boolean
): tf.Tensor | undefined => {
  const { info, weights } = model
  const embedded = tf.gather(weights.embedding, tf.tensor2d(ids, [batch, time], "int32"))
  let x: tf.Tensor = visit("hook_embed", embedded)
  if (reached()) return undefined
  x = tf.add(x, tf.slice(weights.positions, [0, 0], [time, info.dModel]))
  const mask = causalMask(time)
  for (const [layer, block] of weights.blocks.entries()) {
    const next = tf.tidy(() => runBlock(model, layer, block, x, mask, visit, reached))
    if (next === undefined) return undefined
    x = next
  }
  const normalized = visit("ln_final.hook_normalized", layerNorm(x, weights.finalNorm, model.normEpsilon))
  return normalized
}

const runBlock = (
  model: RunnableModel,
  layer: number,
  block: BlockWeights,
  input: tf.Tensor,
  mask: tf.Tensor2D,
  visit: Visit,
  reached: () => boolean
): tf.Tensor | undefined => {
  const { info, normEpsilon } = model
  const at = (point: string): string => `blocks.${layer}.${point}`
  const pre = visit(at("hook_resid_pre"), input)
  if (reached()) return undefined
  const qkv = linear(layerNorm(pre, block.attentionNorm, normEpsilon), block.qkv)
  const z = visit(at("attn.hook_z"), causalAttention(qkv, info.heads, model.scoreScale(layer), mask))
  if (reached()) return undefined
  const merged = tf.reshape(z, [...z.shape.slice(0, 2), info.heads * info.dHead])
  const attention = visit(at("hook_attn_out"), linear(merged, block.attentionOut))
  if (reached()) return undefined
  const mid = visit(at("hook_resid_mid"), tf.add(pre, attention))
  if (reached()) return undefined
  const mlpPre = visit(at("mlp.hook_pre"), linear(layerNorm(mid, block.mlpNorm, normEpsilon), block.mlpIn))
  if (reached()) return undefined
  const mlpPost = visit(at("mlp.hook_post"), model.activation(mlpPre))
  if (reached()) return undefined
  const mlp = visit(at("hook_mlp_out"), linear(mlpPost, block.mlpOut))
  if (reached()) return undefined
  const post = visit(at("hook_resid_post"), tf.add(mid, mlp))
  return reached() ? undefined : post
}
