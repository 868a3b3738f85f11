/**
 * The forward pass of a decoder-only transformer with pre-norm blocks: returns activations at hooks, replaces them where
 * asked, and stops after the last hook that anybody wants. One pass for every architecture: what differs is in the
 * model's description and in which weights there are.
 */
import * as tf from "@tensorflow/tfjs-core"
import { findHook, type HookPoint } from "./hook-name.ts"
import type { Hooks, Memory, Pass } from "./blocks/part.ts"
import { type Kept, type KeptPrefix, makeKeptPrefix, ofContexts } from "./blocks/kept-prefix.ts"
import { runBlock } from "./run-block.ts"
import { rowsOf } from "./blocks/matrix-rows.ts"
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
  /**
   * What an earlier pass kept of the tokens that come before these: hooks, logits and replacements are of these alone, but for
   * `hook_pattern`, whose keys are all. Each of its contexts goes on as `batch` of the pass over `batch` of the prefix contexts,
   * in a row. Not disposed.
   */
  readonly prefix?: KeptPrefix
  /** Whether to keep what a pass of the tokens after these begins from. @default false */
  readonly keep?: boolean
}

export interface RunResult {
  /**
   * By hook name, [batch, time, ...shape of the hook]: `hook_z` is [batch, time, heads, d_head]; `hook_pattern` is
   * [batch, heads, query time, key time].
   */
  readonly activations: Readonly<Record<string, tf.Tensor>>
  /** [batch, time, vocabulary], where they were asked for. */
  readonly logits: tf.Tensor3D | undefined
  /** Of the prefix and these tokens together, where it was asked for: of the layers that the pass came to. */
  readonly kept: KeptPrefix | undefined
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
 * @throws RangeError for an unknown hook, logits of a model without a head, a token id outside the vocabulary, a context that is too long, a
 *   replacement of another shape, or a prefix that cannot be gone on from
 */
export const runModel = (model: ModelBody, tokens: TokenBatch, options: PassOptions): RunResult => {
  const { info } = model
  const { prefix, keep = false } = options
  const start = prefix?.time ?? 0
  checkTokens(model, tokens, start)
  if (prefix !== undefined) checkPrefix(model, tokens, prefix)
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
  const layers: Array<Kept | undefined> = []
  if (wanted.size === 0 && !logits && !keep) return { activations, logits: undefined, kept: undefined }
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
  const begun = makePass({ ...tokens, start })
  const memoryOf: MemoryOfLayer = (layer) => ({
    before: () => prefix && beforeOf(prefix, layer, tokens.batch),
    keep: keep
      ? (kept) => {
          layers[layer] = Object.fromEntries(Object.entries(kept).map(([name, x]) => [name, tf.keep(tf.clone(x))]))
          if (layer === info.n_layers - 1 && wanted.size === 0 && !logits) throw passIsOver
        }
      : undefined
  })
  try {
    tf.tidy(() =>
      untilOver(() => {
        const x = forward(model, begun, memoryOf, { visit, watches }, beginning(model, [...wanted], replace))
        if (!logits || !isRunnable(model)) return
        const flat = unembed(model, tf.reshape(x, [tokens.batch * tokens.time, info.d_model]))
        out.logits = tf.keep(tf.reshape(flat, [tokens.batch, tokens.time, info.d_vocab]))
      })
    )
  } catch (error) {
    tf.dispose([activations, ...layers])
    throw error
  } finally {
    begun.end()
  }
  const kept = keep ? makeKeptPrefix(tokens.batch, start + tokens.time, layers) : undefined
  return { activations, logits: out.logits, kept }
}

type MemoryOfLayer = (layer: number) => Memory

const beforeOf = (prefix: KeptPrefix, layer: number, batch: number): Kept => {
  const kept = prefix.layers[layer]
  if (kept === undefined) throw new RangeError(`the prefix was not kept at layer ${layer}: its pass ended before it`)
  return ofContexts(kept, prefix, batch)
}

const checkPrefix = (model: ModelBody, { batch, time }: TokenBatch, prefix: KeptPrefix): void => {
  if (batch % prefix.batch !== 0) {
    throw new RangeError(`${batch} contexts do not go on from ${prefix.batch} of the prefix, as many from each`)
  }
  const reason = model.breaks(prefix.time, prefix.time + time)
  if (reason !== undefined) {
    throw new RangeError(
      `${time} tokens cannot go on from a kept prefix of ${prefix.time}: ${reason}. Run the whole context.`
    )
  }
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

const checkTokens = ({ info }: ModelBody, { ids, batch, time }: TokenBatch, start: number): void => {
  if (ids.length !== batch * time) throw new RangeError(`${ids.length} ids are not ${batch} contexts of ${time}`)
  if (start + time > info.n_ctx) {
    throw new RangeError(`a context of ${start + time} tokens exceeds the model's ${info.n_ctx}`)
  }
  for (const id of ids) {
    if (id < 0 || id >= info.d_vocab) {
      throw new RangeError(`token id ${id} is outside the vocabulary of ${info.d_vocab}`)
    }
  }
}

/** The residual stream before the first block. */
const embed = (model: ModelBody, { pass, keepEmbedded }: BegunPass, hooks: Hooks): tf.Tensor => {
  const { info, weights, embeddingScale } = model
  const { ids, batch, time, start } = pass
  const embedded = tf.reshape(rowsOf(weights.embedding, ids), [batch, time, info.d_model])
  const x = hooks.visit("hook_embed", embeddingScale === 1 ? embedded : tf.mul(embedded, embeddingScale))
  if (model.needsBeginning) keepEmbedded(x)
  if (weights.positions === undefined) return x
  return tf.add(
    x,
    rowsOf(
      weights.positions,
      Int32Array.from({ length: time }, (_, at) => start + at)
    )
  )
}

/** The residual stream that stands for all before it. */
const given = ({ info }: ModelBody, { batch, time }: Pass, hooks: Hooks, begin: Beginning): tf.Tensor => {
  const { hook, residual } = begin
  checkReplacement(hook, residual, [batch, time, info.d_model])
  // What comes before a block is told of by the block.
  return hook.endsWith("pre") ? residual : hooks.visit(hook, residual)
}

/** The final normalised residual stream. */
const forward = (
  model: ModelBody,
  begun: BegunPass,
  memoryOf: MemoryOfLayer,
  hooks: Hooks,
  begin: Beginning | undefined
): tf.Tensor => {
  const { pass } = begun
  let x = begin === undefined ? embed(model, begun, hooks) : given(model, pass, hooks, begin)
  for (let layer = begin?.block ?? 0; layer < model.info.n_layers; layer++) {
    const input = x
    x = tf.tidy(() => runBlock(model, layer, input, pass, memoryOf(layer), hooks))
  }
  const { weights, norm } = model
  const normalized = hooks.watches("ln_final.hook_scale")
    ? normalizeBy(x, weights.finalNorm, norm, (scale) => hooks.visit("ln_final.hook_scale", scale))
    : normalize(x, weights.finalNorm, norm)
  return hooks.visit("ln_final.hook_normalized", normalized)
}
