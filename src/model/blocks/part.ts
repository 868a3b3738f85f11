/**
 * Parts that blocks are composed of: attention, an MLP, and what stands in their places. A part says which hook points it
 * has, where its parameters stand, and what it makes of the residual stream; a kind of part is one file.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { Kept } from "./kept-prefix.ts"
import type { Fill, Filled } from "./weights.ts"

/** A place of the forward pass where activations can be looked at and replaced. */
export interface Point {
  /** Within its block, such as `attn.hook_q`. */
  readonly name: string
  /** Shape of the activation after [batch, time]; [] where it does not hold a vector for each token. */
  readonly shape: ReadonlyArray<number>
}

/** Who looks at activations on the way, by hooks' names. */
export interface Hooks {
  /** Told of a hook's activation; gives what the pass goes on with. May end the pass by throwing. */
  readonly visit: (name: string, activation: tf.Tensor) => tf.Tensor
  /** Whether anybody looks at it: what nobody does need not be computed by itself. */
  readonly watches: (name: string) => boolean
}

/** What all blocks of one pass share. */
export interface Pass {
  /** [batch * time] token ids, row-major. */
  readonly ids: Int32Array
  readonly batch: number
  readonly time: number
  /** Position of the first token: as many were seen before. */
  readonly start: number
  /** What `make` gives, once for each key; its tensors live until the pass is over. */
  readonly once: <T extends object>(key: unknown, make: () => T) => T
  /** What `hook_embed` gave, [batch, time, d_model]; undefined where no part needs the beginning of the pass. */
  readonly embedded: () => tf.Tensor | undefined
}

/** What a part has seen. */
export interface Memory {
  /** What it kept of the tokens before those of the pass, of as many contexts; undefined: there are none. */
  readonly before: () => Kept | undefined
  /** Keeps what a pass of the tokens after these needs; undefined where there will be none. The tensors stay the caller's. */
  readonly keep: ((kept: Kept) => void) | undefined
}

export interface Inputs {
  /** [batch, time, d_model]: normalised, where the block does that. */
  readonly read: tf.Tensor
  /** [batch, time, d_model]: the residual stream itself. */
  readonly residual: tf.Tensor
  readonly pass: Pass
  readonly memory: Memory
  /** Hooks of this block. */
  readonly hooks: Hooks
}

/** @returns what is added to the residual stream, [batch, time, d_model] */
export type Run = (inputs: Inputs) => tf.Tensor

/** How a checkpoint names its tensors. */
export interface Checkpoint {
  /** Whether it holds a tensor, by the name that `name` gives. */
  readonly has: (name: string) => boolean
  /** The name with what stands before it in this checkpoint. */
  readonly name: (name: string) => string
}

/** A part for one checkpoint: its parameters, and how it runs once they are tensors. */
export interface LocatedPart {
  readonly parameters: object
  readonly bind: (fill: Fill) => Run
}

export interface Part {
  /** In the order in which the pass meets them. */
  readonly points: ReadonlyArray<Point>
  /** It reads more than the residual stream: what blocks before it kept, or the embedding. @default false */
  readonly needsBeginning?: boolean
  /**
   * Why a pass of the tokens at positions `from` to `to` would not give what the whole pass gives, if it began with what was kept
   * of those before; undefined: it does. @default it does
   */
  readonly breaks?: (from: number, to: number) => string | undefined
  readonly locate: (checkpoint: Checkpoint) => LocatedPart
}

export const makePart = <P extends object>(
  points: ReadonlyArray<Point>,
  locate: (checkpoint: Checkpoint) => P,
  run: (weights: Filled<P>, inputs: Inputs) => tf.Tensor
): Part => ({
  points,
  locate: (checkpoint) => {
    const parameters = locate(checkpoint)
    return {
      parameters,
      bind: (fill) => {
        const weights = fill(parameters)
        return (inputs) => run(weights, inputs)
      }
    }
  }
})
