/** The MLP as a part of a block, gated or not. */
import * as tf from "@tensorflow/tfjs-core"
import type { ActivationFunction } from "./activation-function.ts"
import { linear, project } from "./linear.ts"
import { type Checkpoint, makePart, type Part } from "./part.ts"
import type { LinearParameters } from "./weights.ts"

export interface MlpParameters {
  /** Into the activation function: the gate where the MLP is gated. */
  readonly in: LinearParameters
  /** What the activated gate is multiplied with; undefined where the MLP is not gated. */
  readonly up: LinearParameters | undefined
  readonly out: LinearParameters
  /** [d_model, 1]: the output is multiplied with the logistic function of this (experts that all tokens share). */
  readonly gate?: LinearParameters | undefined
}

/** @param place where hooks stand within the block: `mlp`, or a part of it */
export const mlp = (
  d_mlp: number,
  activation: ActivationFunction,
  locate: (checkpoint: Checkpoint) => MlpParameters,
  place = "mlp"
): Part => {
  const [before, after] = [`${place}.hook_pre`, `${place}.hook_post`]
  return makePart(
    [
      { name: before, shape: [d_mlp] },
      { name: after, shape: [d_mlp] }
    ],
    locate,
    (weights, { read, hooks: { visit, watches } }) => {
      const factor = () => (weights.up === undefined ? undefined : linear(read, weights.up))
      const active = watches(before)
        ? activation(visit(before, linear(read, weights.in)), undefined, factor())
        : activation(project(read, weights.in), weights.in.bias, factor())
      const out = linear(visit(after, active), weights.out)
      return weights.gate === undefined ? out : tf.mul(out, tf.sigmoid(linear(read, weights.gate)))
    }
  )
}
