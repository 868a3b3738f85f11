/**
 * A mixture of experts in the MLP's place (Shazeer et al. 2017): a router chooses a few experts for each token, and what
 * they give is summed by weight. Only chosen experts are multiplied, each with all of its tokens at once.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { ActivationFunction } from "./activation-function.ts"
import { linear, project } from "./linear.ts"
import type { MlpParameters } from "./mlp-part.ts"
import { rmsNorm } from "./norm.ts"
import type { VectorSource } from "./parameter-source.ts"
import { type Checkpoint, type Inputs, makePart, type Part } from "./part.ts"
import type { Filled, LinearParameters, NormParameters } from "./weights.ts"

export interface ExpertsParameters {
  /** [d_model, experts] */
  readonly router: LinearParameters
  /** The router reads the residual stream, normalised by this (Gemma 4). @default what the experts read */
  readonly routerNorm?: NormParameters | undefined
  /** [experts]: what the weight of each is multiplied with (Gemma 4). @default 1 */
  readonly expertScale?: VectorSource | undefined
  readonly experts: ReadonlyArray<MlpParameters>
}

/**
 * * `all`: shares of all experts (a softmax over all logits), as they are
 * * `all_normalized`: the same, scaled so that those of the chosen experts sum to 1
 * * `chosen`: a softmax over the chosen experts' logits, which is the same in exact arithmetic
 */
export type ExpertWeighting = "all" | "all_normalized" | "chosen"

export interface ExpertsOptions {
  readonly experts: number
  /** Experts of each token. */
  readonly chosen: number
  /** Width of one expert. */
  readonly d_mlp: number
  readonly activation: ActivationFunction
  readonly weighting: ExpertWeighting
  /** Where the router has a normalisation of its own. */
  readonly routerEpsilon?: number
}

/** The k greatest of each row, the greatest first: [n * k]. Read at once, so that no gradient goes through the choice. */
const greatest = (logits: tf.Tensor2D, k: number): Int32Array =>
  tf.tidy(() => Int32Array.from(tf.topk(logits, k).indices.dataSync<"int32">()))

/** Weight of each chosen expert, [n, k]. */
const weightsOf = (
  logits: tf.Tensor2D,
  indices: Int32Array,
  k: number,
  weighting: ExpertWeighting,
  scale: tf.Tensor1D | undefined
): tf.Tensor => {
  const [n, experts] = logits.shape
  const chosen = tf.oneHot(tf.tensor2d(indices, [n, k], "int32"), experts)
  const of = (values: tf.Tensor) => tf.sum<tf.Tensor2D>(tf.mul(chosen, tf.expandDims(values, -2)), 2)
  const shares = weighting === "chosen" ? tf.softmax(of(logits)) : of(tf.softmax(logits))
  const weights = weighting === "all_normalized" ? tf.div(shares, tf.sum(shares, 1, true)) : shares
  return scale === undefined ? weights : tf.mul(weights, of(scale))
}

/** A token's place among the experts that it chose is a pair; pairs are numbered token by token. */
interface Grouping {
  /** Experts that any token chose, with how many did. */
  readonly groups: ReadonlyArray<{ readonly expert: number; readonly pairs: Int32Array }>
  /** Pairs, expert by expert. */
  readonly order: Int32Array
  /** Where each pair stands in `order`. */
  readonly place: Int32Array
}

const groupByExpert = (indices: Int32Array): Grouping => {
  const byExpert = new Map<number, Array<number>>()
  for (const [pair, expert] of indices.entries()) {
    const pairs = byExpert.get(expert)
    if (pairs === undefined) byExpert.set(expert, [pair])
    else pairs.push(pair)
  }
  const groups = [...byExpert].map(([expert, pairs]) => ({ expert, pairs: Int32Array.from(pairs) }))
  const order = new Int32Array(indices.length)
  const place = new Int32Array(indices.length)
  let at = 0
  for (const { pairs } of groups) {
    for (const pair of pairs) {
      order[at] = pair
      place[pair] = at++
    }
  }
  return { groups, order, place }
}

/** Rows of x [n, width] in another order. Not every engine has the gradient of a gather; that of a permutation is its inverse. */
const permuted = (x: tf.Tensor2D, order: Int32Array, inverse: Int32Array): tf.Tensor2D => {
  const reordered = (rows: tf.Tensor, by: Int32Array): tf.Tensor => tf.gather(rows, tf.tensor1d(by, "int32"))
  const permute = tf.customGrad((rows) => ({
    value: reordered(rows as tf.Tensor, order),
    gradFunc: (dy: tf.Tensor) => reordered(dy, inverse)
  }))
  return permute(x) as tf.Tensor2D
}

/** @throws RangeError where a replacement names no expert */
const asIndices = (activation: tf.Tensor, experts: number): Int32Array =>
  Int32Array.from(activation.dataSync(), (value) => {
    if (Number.isInteger(value) && value >= 0 && value < experts) return value
    throw new RangeError(`mlp.hook_expert_indices holds ${value}; experts are 0 to ${experts - 1}`)
  })

export const experts = (options: ExpertsOptions, locate: (checkpoint: Checkpoint) => ExpertsParameters): Part => {
  const { chosen: k, d_mlp, activation } = options

  const run = (weights: Filled<ExpertsParameters>, { read, residual, pass, hooks }: Inputs): tf.Tensor => {
    const { batch, time } = pass
    const n = batch * time
    const d = read.shape[2] as number
    const rows = tf.reshape<tf.Rank.R2>(read, [n, d])
    const { routerNorm } = weights
    const routed = routerNorm === undefined ? read : rmsNorm(residual, routerNorm, options.routerEpsilon ?? 0)
    const logits = hooks.visit("mlp.hook_router_logits", linear(routed, weights.router))
    const flat = tf.reshape<tf.Rank.R2>(logits, [n, options.experts])
    const best = greatest(flat, k)
    const indices = hooks.watches("mlp.hook_expert_indices")
      ? asIndices(hooks.visit("mlp.hook_expert_indices", tf.tensor3d([...best], [batch, time, k])), options.experts)
      : best
    const shares = weightsOf(flat, indices, k, options.weighting, weights.expertScale)
    const weight = hooks.visit("mlp.hook_expert_weights", tf.reshape(shares, [batch, time, k]))

    const { groups, order, place } = groupByExpert(indices)
    /** What experts give, one after the other, as a hook shows it: for each token, expert by expert. */
    const byToken = (parts: ReadonlyArray<tf.Tensor2D>): tf.Tensor2D => permuted(tf.concat([...parts]), place, order)
    /** Rows of pairs, as one matrix for each expert that was chosen. */
    const byExpert = (rowsOfPairs: tf.Tensor2D): ReadonlyArray<tf.Tensor2D> =>
      tf.split(
        permuted(rowsOfPairs, order, place),
        groups.map(({ pairs }) => pairs.length)
      )
    const shown = (point: string, parts: ReadonlyArray<tf.Tensor2D>): ReadonlyArray<tf.Tensor2D> => {
      if (!hooks.watches(point)) return parts
      const activations = hooks.visit(point, tf.reshape(byToken(parts), [batch, time, k, d_mlp]))
      return byExpert(tf.reshape(activations, [n * k, d_mlp]))
    }
    const each = (compute: (expert: Filled<MlpParameters>, group: number) => tf.Tensor) =>
      groups.map(({ expert }, group) =>
        tf.tidy(() => compute(weights.experts[expert] as Filled<MlpParameters>, group) as tf.Tensor2D)
      )
    const inputs = byExpert(tf.reshape(tf.tile(tf.expandDims(rows, 1), [1, k, 1]), [n * k, d]))
    const input = (group: number) => inputs[group] as tf.Tensor2D
    const factor = ({ up }: Filled<MlpParameters>, group: number) =>
      up === undefined ? undefined : linear(input(group), up)
    const watched = hooks.watches("mlp.hook_pre")
    const pre = watched
      ? shown(
          "mlp.hook_pre",
          each((expert, group) => linear(input(group), expert.in))
        )
      : []
    const active = each((expert, group) =>
      watched
        ? activation(pre[group] as tf.Tensor2D, undefined, factor(expert, group))
        : activation(project(input(group), expert.in), expert.in.bias, factor(expert, group))
    )
    const post = shown("mlp.hook_post", active)
    const out = byToken(each((expert, group) => linear(post[group] as tf.Tensor2D, expert.out)))
    const weighed = tf.mul(tf.reshape(out, [batch, time, k, d]), tf.expandDims(weight, 3))
    return tf.sum(weighed, 2)
  }

  const points = [
    { name: "mlp.hook_router_logits", shape: [options.experts] },
    { name: "mlp.hook_expert_indices", shape: [k] },
    { name: "mlp.hook_expert_weights", shape: [k] },
    { name: "mlp.hook_pre", shape: [k, d_mlp] },
    { name: "mlp.hook_post", shape: [k, d_mlp] }
  ]
  return makePart(points, locate, run)
}
