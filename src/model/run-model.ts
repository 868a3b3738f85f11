/**
 * The forward pass of a decoder-only transformer with pre-norm blocks: returns activations at hooks, replaces them where
 * asked, and stops after the last hook that anybody wants. One pass for every architecture: what differs is in the
 * model's description and in which weights there are.
 */
import * as tf from "@tensorflow/tfjs-core"
import { findHook, type HookPoint } from "./hook-name.ts"
import type { Hooks, Pass } from "./blocks/part.ts"
import { runBlock } from "./run-block.ts"
import { normalize, normalizeBy } from "./blocks/norm.ts"
import { type BegunPass, makePass } from "./make-pass.ts"
import { unembed } from "./unembed.ts"
import { isRunnable, type ModelBody } from "./runnable-model.ts"

export type { ModelBody, RunnableModel } from "./runnable-model.ts"

/** Whole contexts of equal length, row-major. */
export interface TokenBatch {
  /** [batch * time] token ids. */
  readonly ids: Int32Array
  readonly batch: number
  readonly time: number
}

export interface PassOptions {
  /** Names of the hooks whose activations are wanted, e.g. `blocks.1.hook_resid_post`. */
  readonly hooks?: ReadonlyArray<string>
  /**
   * Whether the logits are wanted. They are large where the vocabulary is: `tokenLosses` takes the
   * activation of `ln_final.hook_normalized` instead. @default false
   */
  readonly logits?: boolean
  /**
   * Activations to put in place of the model's own, by hook: [batch, time, ...shape], or what gets the model's and gives
   * one of the same shape. What `hooks` returns at the same place is the replacement. A tensor in place of the residual
   * stream (`hook_resid_pre`, `hook_resid_post`) makes what comes before it unneeded: the pass begins there.
   */
  readonly replace?: Readonly<Record<string, tf.Tensor | ((activation: tf.Tensor) => tf.Tensor)>>
}

export interface RunResult {
  /**
   * By hook name, [batch, time, ...shape of the hook]: `hook_z` is [batch, time, heads, d_head]; `hook_pattern` is
   * [batch, heads, query time, key time].
   */
  readonly activations: Readonly<Record<string, tf.Tensor>>
  /** [batch, time, vocabulary], where they were asked for. */
  readonly logits: tf.Tensor3D | undefined
}

/** Thrown by a visit when the last hook that is wanted has been met. */
const passIsOver = Symbol("the last hook has been met")

const untilOver = (pass: () => void): void => {
  try {
    pass()
  } catch (signal) {
    if (signal !== passIsOver) throw signal
  }
}

/**
 * Synchronous. The result's tensors belong to the caller; everything else is freed.
 *
 * @throws RangeError for an unknown hook, logits of a model without a head, a token id outside the vocabulary, a context that is too long, or a
 *   replacement of another shape
 */
export const runModel = (model: ModelBody, tokens: TokenBatch, options: PassOptions): RunResult => {
  const { info } = model
  checkTokens(model, tokens)
  const wanted = new Set(options.hooks ?? [])
  const replace = options.replace ?? {}
  const logits = options.logits ?? false
  if (logits && !isRunnable(model)) throw new RangeError("the model has no head, so it gives no logits")
  for (const name of [...wanted, ...Object.keys(replace)]) {
    const hook = findHook(name, info)
    if (typeof hook === "string") throw new RangeError(hook)
  }
  const activations: Record<string, tf.Tensor> = {}
  const out: { logits: tf.Tensor3D | undefined } = { logits: undefined }
  if (wanted.size === 0 && !logits) return { activations, logits: undefined }
  const visit: Hooks["visit"] = (name, activation) => {
    const swap = replace[name]
    const value = swap === undefined ? activation : typeof swap === "function" ? swap(activation) : swap
    checkReplacement(name, value, activation.shape)
    if (wanted.delete(name)) {
      activations[name] = tf.keep(tf.clone(value))
      if (wanted.size === 0 && !logits) throw passIsOver
    }
    return value
  }
  const watches = (name: string): boolean => wanted.has(name) || Object.hasOwn(replace, name)
  const begun = makePass(tokens)
  try {
    tf.tidy(() =>
      untilOver(() => {
        const x = forward(model, begun, { visit, watches }, beginning(model, [...wanted], replace))
        if (!logits || !isRunnable(model)) return
        const flat = unembed(model, tf.reshape(x, [tokens.batch * tokens.time, info.d_model]))
        out.logits = tf.keep(tf.reshape(flat, [tokens.batch, tokens.time, info.d_vocab]))
      })
    )
  } catch (error) {
    tf.dispose(activations)
    throw error
  } finally {
    begun.end()
  }
  return { activations, logits: out.logits }
}

const checkReplacement = (name: string, { shape }: tf.Tensor, wanted: ReadonlyArray<number>): void => {
  if (shape.join() === wanted.join()) return
  throw new RangeError(`replacement at ${name} has shape [${shape.join(", ")}], not [${wanted.join(", ")}]`)
}

interface Beginning {
  readonly hook: string
  readonly residual: tf.Tensor
  /** The block that comes next. */
  readonly block: number
}

/** Where a tensor stands for the residual stream and nobody looks at what comes before it. */
const beginning = (
  { info, needsBeginning }: ModelBody,
  wanted: ReadonlyArray<string>,
  replace: NonNullable<PassOptions["replace"]>
): Beginning | undefined => {
  if (needsBeginning) return undefined
  const met = (name: string): HookPoint => findHook(name, info) as HookPoint
  const first = Math.min(...[...wanted, ...Object.keys(replace)].map((name) => met(name).order))
  for (const [hook, residual] of Object.entries(replace)) {
    const { order, layer } = met(hook)
    const point = /hook_resid_(pre|post)$/.exec(hook)?.[1]
    if (typeof residual === "function" || point === undefined || order > first) continue
    return { hook, residual, block: point === "pre" ? layer : layer + 1 }
  }
  return undefined
}

const checkTokens = ({ info }: ModelBody, { ids, batch, time }: TokenBatch): void => {
  if (ids.length !== batch * time) throw new RangeError(`${ids.length} ids are not ${batch} contexts of ${time}`)
  if (time > info.n_ctx) throw new RangeError(`a context of ${time} tokens exceeds the model's ${info.n_ctx}`)
  for (const id of ids) {
    if (id < 0 || id >= info.d_vocab) {
      throw new RangeError(`token id ${id} is outside the vocabulary of ${info.d_vocab}`)
    }
  }
}

/** The residual stream before the first block. */
const embed = (model: ModelBody, { pass, keepEmbedded }: BegunPass, hooks: Hooks): tf.Tensor => {
  const { info, weights, embeddingScale } = model
  const { ids, batch, time } = pass
  const embedded = tf.gather(weights.embedding, tf.tensor2d(ids, [batch, time], "int32"))
  const x = hooks.visit("hook_embed", embeddingScale === 1 ? embedded : tf.mul(embedded, embeddingScale))
  if (model.needsBeginning) keepEmbedded(x)
  return weights.positions === undefined ? x : tf.add(x, tf.slice(weights.positions, [0, 0], [time, info.d_model]))
}

/** The residual stream that stands for all before it. */
const given = ({ info }: ModelBody, { batch, time }: Pass, hooks: Hooks, begin: Beginning): tf.Tensor => {
  const { hook, residual } = begin
  checkReplacement(hook, residual, [batch, time, info.d_model])
  // What comes before a block is told of by the block.
  return hook.endsWith("pre") ? residual : hooks.visit(hook, residual)
}

/** The final normalised residual stream. */
const forward = (model: ModelBody, begun: BegunPass, hooks: Hooks, begin: Beginning | undefined): tf.Tensor => {
  const { pass } = begun
  let x = begin === undefined ? embed(model, begun, hooks) : given(model, pass, hooks, begin)
  for (let layer = begin?.block ?? 0; layer < model.info.n_layers; layer++) {
    const input = x
    x = tf.tidy(() => runBlock(model, layer, input, pass, hooks))
  }
  const { weights, norm } = model
  const normalized = hooks.watches("ln_final.hook_scale")
    ? normalizeBy(x, weights.finalNorm, norm, (scale) => hooks.visit("ln_final.hook_scale", scale))
    : normalize(x, weights.finalNorm, norm)
  return hooks.visit("ln_final.hook_normalized", normalized)
}
