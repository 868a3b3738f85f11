/**
 * Matching pursuit (SAELens `matching_pursuit_sae.py`): the latent whose decoder row has the largest product with what is
 * left of a row gets that product, which is taken from what is left, and so on. A row is done when less than
 * `residual_threshold` is left of it (norm; 0: never), when nothing new was chosen (`stop_on_duplicate_support`), or after
 * `max_iterations`, d_in where null. The encoder is the decoder transposed; b_dec is part of the output only where it is
 * subtracted from the input.
 */
import type { Encoding, LatentType } from "./latent-type.ts"
import { showGiven } from "../../../words/show-given.ts"
import { cannotRead } from "./sae-refused.ts"

export interface MatchingPursuitLatents {
  readonly type: "matching_pursuit"
  readonly residual_threshold: number
  readonly max_iterations: number | null
  readonly stop_on_duplicate_support: boolean
}

export type MatchingPursuitActivation = MatchingPursuitLatents

const pursue = ({ tf, rows: input, W_dec, codes }: Encoding, options: MatchingPursuitActivation) => {
  const given = input()
  const [rows, d_in] = given.shape
  const d_sae = W_dec.shape[0]
  const residual = Float32Array.from(given.dataSync<"float32">())
  const weights = W_dec.dataSync<"float32">()
  const found = Array.from({ length: rows }, () => new Map<number, number>())
  const done = new Uint8Array(rows)
  for (let step = 0; step < (options.max_iterations ?? d_in) && done.includes(0); step++) {
    const products = tf.tidy(() => tf.matMul(tf.tensor2d(residual, [rows, d_in]), W_dec, false, true).dataSync())
    for (let row = 0; row < rows; row++) {
      if (done[row] === 1) continue
      const left = residual.subarray(row * d_in, (row + 1) * d_in)
      let best = 0
      for (let j = 1; j < d_sae; j++) {
        if ((products[row * d_sae + j] as number) > (products[row * d_sae + best] as number)) best = j
      }
      let product = 0
      for (let c = 0; c < d_in; c++) product += (left[c] as number) * (weights[best * d_in + c] as number)
      const value = Math.fround(Math.max(0, product))
      const here = found[row] as Map<number, number>
      const isNew = value > 0 && !here.has(best)
      if (value > 0) here.set(best, Math.fround((here.get(best) ?? 0) + value))
      for (let c = 0; c < d_in; c++) left[c] = (left[c] as number) - value * (weights[best * d_in + c] as number)
      if (
        (options.stop_on_duplicate_support && !isNew) ||
        (options.residual_threshold > 0 && Math.hypot(...left) < options.residual_threshold)
      ) {
        done[row] = 1
      }
    }
  }
  const rowStart = new Int32Array(rows + 1)
  const pairs = found.flatMap((here, row) => {
    rowStart[row + 1] = (rowStart[row] as number) + here.size
    return [...here].toSorted(([a], [b]) => a - b)
  })
  return codes(
    rowStart,
    pairs.map(([latent]) => latent),
    pairs.map(([, value]) => value)
  )
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0

export const matchingPursuit: LatentType<MatchingPursuitLatents, MatchingPursuitActivation> = {
  type: "matching_pursuit",
  arrays: [],
  activations: "chosen",
  encode: pursue,
  ofActivation: (latents) => latents,
  activation: (fields) => fields,
  computable: (latents, { d_sae, b_dec, apply_b_dec_to_input }) => ({
    activation: latents,
    b_enc: new Float32Array(d_sae),
    b_dec: apply_b_dec_to_input ? b_dec : new Float32Array(b_dec.length)
  }),
  saelens: {
    names: { sae: "matching_pursuit" },
    keys: ["residual_threshold", "max_iterations", "stop_on_duplicate_support"],
    tied: () => true,
    read: (config) => {
      const { residual_threshold = 0.01, max_iterations = null, stop_on_duplicate_support = true } = config
      if (typeof residual_threshold !== "number" || !Number.isFinite(residual_threshold)) {
        return cannotRead(`residual_threshold is ${showGiven(residual_threshold)}, not a number`)
      }
      if (max_iterations !== null && !isCount(max_iterations)) {
        return cannotRead(`max_iterations is ${showGiven(max_iterations)}, not a whole number above 0 or null`)
      }
      return { residual_threshold, max_iterations, stop_on_duplicate_support: stop_on_duplicate_support === true }
    },
    write: ({ residual_threshold, max_iterations, stop_on_duplicate_support }) => ({
      config: { residual_threshold, max_iterations, stop_on_duplicate_support }
    })
  }
}
