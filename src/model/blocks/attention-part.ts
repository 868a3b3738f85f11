/**
 * Attention as a part of a block: queries, keys and values in one product, normalised, gated, or with sinks where a model
 * has that.
 */
import * as tf from "@tensorflow/tfjs-core"
import { attend, attendsInParts, attentionPattern, causalSight, mixValues, openSight, type Sight } from "./attention.ts"
import { byHead, headsOf } from "./heads.ts"
import { linear, project } from "./linear.ts"
import { normalize, type NormDescription } from "./norm.ts"
import type { VectorSource } from "./parameter-source.ts"
import { type Checkpoint, type Inputs, makePart, type Part } from "./part.ts"
import { type Rotary, type RotaryTables, rotaryTables, turnsOtherwise } from "./rotary.ts"
import type { Filled, LinearParameters, NormParameters, NormWeights } from "./weights.ts"

export interface AttentionParameters {
  /**
   * Queries, gates where there are some, keys and values (those that the layer has of its own) side by side,
   * [d_model, (heads + gates + 2 * key_value_heads) * d_head].
   */
  readonly qkv: LinearParameters
  /** [d_head], or of all heads together; undefined where queries and keys are not normalised. */
  readonly queryNorm: NormParameters | undefined
  readonly keyNorm: NormParameters | undefined
  readonly out: LinearParameters
  /** [heads]: the score of a key that is never there, and takes its share of each query's attention. */
  readonly sinks: VectorSource | undefined
}

export interface AttentionOptions {
  readonly heads: number
  readonly n_key_value_heads: number
  readonly d_head: number
  /** What scores are multiplied with. */
  readonly scoreScale: number
  /** Scores x become cap * tanh(x / cap). */
  readonly scoreCap?: number | undefined
  /** Positions that a query sees, itself among them; undefined: all before it. */
  readonly window?: number | undefined
  /** Queries see what comes after them, too: `window` then counts to either side. @default false */
  readonly bidirectional?: boolean
  /** How queries and keys are turned by their position; undefined: not at all. */
  readonly rotary?: Rotary | undefined
  /** How queries and keys are normalised, where they are. */
  readonly norm: NormDescription
  /** Whether a scale is normalised over one head or over all heads together (OLMo 2). @default one */
  readonly normalizes?: "one" | "all" | undefined
  /** Each head's mixture of values is multiplied with the logistic function of a gate (Qwen 3.5). @default false */
  readonly gated?: boolean
  /** What a query is multiplied with at each of the first `time` positions, whatever comes after them. @default 1 */
  readonly queryScale?: ((time: number) => Float32Array) | undefined
  /** Values are normalised, without a scale (Gemma 4). @default false */
  readonly normalizesValues?: boolean
  /** * `keys`: the projection of the keys, before their normalisation (Gemma 4). @default own */
  readonly values?: "own" | "keys"
  /** Keys and values that several layers share, by a name: the first of them computes them (Gemma 4). */
  readonly shared?: { readonly name: string; readonly computes: boolean } | undefined
}

export interface AttentionPart extends Part {
  readonly attention: AttentionOptions
}

/** Gradients keep all there is, and come back to slices as large as what they are cut out of. */
const isDifferentiated = (): boolean => tf.engine().state.gradientDepth > 0

const tablesOf = ({ time, start, once }: Inputs["pass"], rotary: Rotary | undefined): RotaryTables | undefined =>
  rotary === undefined ? undefined : once(rotary, () => rotaryTables(rotary, time, start))

interface KeysAndValues {
  /** [batch, key_value_heads, keys, d_head], turned by their position. */
  readonly key: tf.Tensor4D
  readonly value: tf.Tensor4D
}

/** With those of the tokens before. */
const joined = ({ key, value }: KeysAndValues, memory: Inputs["memory"]): KeysAndValues => {
  const before = memory.before()
  const all: KeysAndValues =
    before === undefined
      ? { key, value }
      : {
          key: tf.concat([before["key"] as tf.Tensor4D, key], 2),
          value: tf.concat([before["value"] as tf.Tensor4D, value], 2)
        }
  memory.keep?.({ ...all })
  return all
}

export const attention = (
  options: AttentionOptions,
  locate: (checkpoint: Checkpoint) => AttentionParameters
): AttentionPart => {
  const { heads, n_key_value_heads, d_head, norm } = options
  const gates = options.gated === true ? heads : 0
  const computes = options.shared?.computes !== false
  const keyHeads = computes ? n_key_value_heads : 0
  const valueHeads = options.values === "keys" ? 0 : keyHeads
  const ofQuery = [heads, d_head]
  const ofKey = [n_key_value_heads, d_head]

  const normalizeHeads = (x: tf.Tensor, weights: NormWeights): tf.Tensor => {
    if (options.normalizes !== "all") return normalize(x, weights, norm)
    const [batch, time, count] = x.shape as [number, number, number]
    return tf.reshape(normalize(tf.reshape(x, [batch, time, count * d_head]), weights, norm), x.shape)
  }

  /** Whose mask is made once. */
  const sightOf = ({ time, once }: Inputs["pass"], keys: number): Sight => {
    const reach = Math.min(options.window ?? keys, keys)
    const open = options.bidirectional === true
    const { window, mask } = open ? openSight(time, reach) : causalSight(time, keys, reach)
    return { window, mask: () => once(`${open ? "open" : "causal"} mask ${reach}`, mask) }
  }

  const run = (weights: Filled<AttentionParameters>, { read, pass, memory, hooks }: Inputs): tf.Tensor => {
    const { batch, time, start } = pass
    const { visit, watches } = hooks
    const rotary = tablesOf(pass, options.rotary)
    const projected = tf.reshape<tf.Rank.R4>(project(read, weights.qkv), [
      batch,
      time,
      heads + gates + keyHeads + valueHeads,
      d_head
    ])
    const part = (point: string, from: number, count: number, turn?: RotaryTables, scale?: NormWeights) => {
      const range = { from, count, bias: weights.qkv.bias }
      if (scale === undefined && !watches(point)) return byHead(projected, turn, range)
      const own = visit(point, headsOf(projected, range))
      return byHead((scale === undefined ? own : normalizeHeads(own, scale)) as tf.Tensor4D, turn)
    }
    const turned = part("attn.hook_q", 0, heads, rotary, weights.queryNorm)
    const { queryScale } = options
    const query =
      queryScale === undefined
        ? turned
        : tf.mul<tf.Tensor4D>(
            turned,
            pass.once(queryScale, () => tf.tensor3d(queryScale(start + time).slice(start), [1, time, 1]))
          )
    const plain = (): NormWeights => ({ weight: tf.ones([d_head]), bias: undefined })
    const own = () =>
      joined(
        {
          key: part("attn.hook_k", heads + gates, n_key_value_heads, rotary, weights.keyNorm),
          value: part(
            "attn.hook_v",
            heads + gates + valueHeads,
            n_key_value_heads,
            undefined,
            options.normalizesValues === true ? plain() : undefined
          )
        },
        memory
      )
    const { key, value } = options.shared === undefined ? own() : pass.once(`keys of ${options.shared.name}`, own)
    const scores = { scale: options.scoreScale, cap: options.scoreCap, sinks: weights.sinks }
    const attended = (): tf.Tensor4D => {
      const keys = start + time
      const whole = options.bidirectional === true || watches("attn.hook_pattern") || isDifferentiated()
      if (!whole && attendsInParts(time)) return attend(query, key, value, scores, options.window ?? keys)
      const pattern = attentionPattern(query, key, scores, sightOf(pass, keys))
      return mixValues(visit("attn.hook_pattern", pattern) as tf.Tensor4D, value)
    }
    const mixed = visit("attn.hook_z", attended())
    const gate = { from: heads, count: gates, bias: weights.qkv.bias }
    const z = gates === 0 ? mixed : tf.mul(mixed, tf.sigmoid(headsOf(projected, gate)))
    return linear(tf.reshape(z, [batch, time, heads * d_head]), weights.out)
  }

  const keys = ["attn.hook_k", "attn.hook_v"].map((name) => ({ name, shape: ofKey }))
  const points = [
    { name: "attn.hook_q", shape: ofQuery },
    ...(computes ? keys : []),
    { name: "attn.hook_pattern", shape: [] },
    { name: "attn.hook_z", shape: ofQuery }
  ]
  const breaks: Part["breaks"] = (from, to) =>
    options.bidirectional === true
      ? "its queries see the tokens after them, too"
      : options.rotary && turnsOtherwise(options.rotary, from, to)
  return { ...makePart(points, locate, run), needsBeginning: options.shared !== undefined, breaks, attention: options }
}
