/** The MLP as a part of a block, gated or not. */
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
}

export const mlp = (
  d_mlp: number,
  activation: ActivationFunction,
  locate: (checkpoint: Checkpoint) => MlpParameters
): Part =>
  makePart(
    [
      { name: "mlp.hook_pre", shape: [d_mlp] },
      { name: "mlp.hook_post", shape: [d_mlp] }
    ],
    locate,
    (weights, { read, hooks: { visit, watches } }) => {
      const factor = () => (weights.up === undefined ? undefined : linear(read, weights.up))
      const active = watches("mlp.hook_pre")
        ? activation(visit("mlp.hook_pre", linear(read, weights.in)), undefined, factor())
        : activation(project(read, weights.in), weights.in.bias, factor())
      return linear(visit("mlp.hook_post", active), weights.out)
    }
  )
