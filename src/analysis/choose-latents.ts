/** Codes with as many latents as BatchTopK chose in training: no threshold, the largest of many rows together. */
import * as tf from "@tensorflow/tfjs-core"
import type { SaeWeights } from "../kinds/sae/stored/sae-weights.ts"
import type { SaeModel } from "../sae/sae-model.ts"
import { selectPairs } from "../tensor/kernels/select-pairs.ts"
import { joinCodes, type LatentCodes } from "./latent-codes.ts"

/**
 * The k * rows largest activations of every block of `among` rows, or of the rest.
 *
 * @param x [rows, d_in], row-major
 */
export const chooseLatents = (
  x: Float32Array,
  { b_enc, b_dec, apply_b_dec_to_input }: Pick<SaeWeights, "b_enc" | "b_dec" | "apply_b_dec_to_input">,
  { d_in, d_sae, W_enc_T }: Pick<SaeModel, "d_in" | "d_sae" | "W_enc_T">,
  k: number,
  among: number
): LatentCodes =>
  joinCodes(x, { d_in, d_sae }, among, (block) => {
    const input = apply_b_dec_to_input ? tf.sub<tf.Tensor2D>(block, tf.tensor1d(b_dec)) : block
    const { codes } = selectPairs(input, W_enc_T, tf.tensor1d(b_enc), { from: "batch", count: k * block.shape[0] })
    // Where fewer are positive, none of the others fires.
    return { ...codes, value: tf.relu<tf.Tensor1D>(codes.value) }
  })
