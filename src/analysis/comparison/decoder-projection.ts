/**
 * Nth decoder projection: the (n rows)-th largest entry of (x - b_dec) W_dec^T of a batch of rows. Of SAEs of one width, it is
 * smallest where L0 is right: with too few active latents, or too many, each direction mixes features and all rows project
 * onto many directions (Chanin and Garriga-Alonso, "Sparse but wrong", arXiv 2508.16560).
 */
import * as tf from "@tensorflow/tfjs-core"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import { readFloats } from "../../tensor/read-tensor.ts"
import { selectLargestOfAll } from "../../tensor/kernels/select-largest.ts"
import { unitRows } from "../decoder-cosine.ts"

/**
 * @param x [rows, d_in]
 * @param n at least 1, less than d_sae
 */
export const decoderProjection = (
  x: Float32Array,
  { W_dec, b_dec, d_in, d_sae }: Pick<SaeWeights, "W_dec" | "b_dec" | "d_in" | "d_sae">,
  n: number
): number => {
  const rows = x.length / d_in
  const projections = readFloats(() =>
    tf.matMul(
      tf.sub<tf.Tensor2D>(tf.tensor2d(x, [rows, d_in]), tf.tensor1d(b_dec)),
      tf.tensor2d(unitRows(W_dec, d_in), [d_sae, d_in]),
      false,
      true
    )
  )
  return selectLargestOfAll(projections, n * rows).least
}
