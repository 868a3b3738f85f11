/** What can be explained: anything with latents that fire on the rows of a text, and write along a direction somewhere. */
import type * as tf from "@tensorflow/tfjs-core"
import type { SaeModel } from "../sae/sae-model.ts"

/** Latents of rows. */
export type LatentEncoder = Pick<SaeModel, "d_in" | "d_sae" | "encode">

/** Where latents write: W_dec [d_sae, d_out], row-major, into the activation at the hook. */
export interface DecoderDirections {
  readonly hook: string
  readonly W_dec: Float32Array<ArrayBuffer>
  readonly d_out: number
  /** What a row of W_dec is multiplied by where it is written, for each row of the activation: of an SAE that normalises them. Call in a tidy. */
  readonly scale?: ((x: tf.Tensor2D) => tf.Tensor) | undefined
}

export interface Dictionary {
  readonly digest: string
  readonly architecture: string
  readonly encoder: LatentEncoder
  /** Undefined of a transcoder from elsewhere, which does not say where it writes. */
  readonly writes: DecoderDirections | undefined
}
