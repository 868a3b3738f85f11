/**
 * First weights from an earlier SAE: `fold-scale.ts` backwards, to the scale that this training works in. The function that
 * the SAE computes stays as it is; a centre that is subtracted from the input or not, and decoder norms, move into biases
 * and encoder. Refused, with the reason, where it would not stay.
 */
import { arraysOf, latentType, scaleLatents } from "../../kinds/sae/latents/latents.ts"
import { type Floats, storedProblem, type StoredSae } from "../../kinds/sae/stored/stored-sae.ts"
import type { FloatBlocks } from "../../numeric/float-blocks.ts"
import type { ResolvedOptions } from "../training-options.ts"
import { sumOfPartNorms } from "../../numeric/row-norms.ts"
import type { ScaledRows } from "../rows/training-rows.ts"

/** In the scale of training. */
export interface FirstWeights {
  /** [d_sae, d_in] */
  readonly W_enc: Float32Array | FloatBlocks
  /** [d_sae] */
  readonly b_enc: Floats
  /** [d_sae, d_out] */
  readonly W_dec: Float32Array | FloatBlocks
  /** [d_out] */
  readonly b_dec: Floats
  /** The architecture's own parameters, [d_sae] each; W_skip [d_out, d_in] where it has one. */
  readonly extras: Readonly<Record<string, Floats>>
}

/** Decoder norms farther from one change which latents a TopK chooses. */
const nearlyOne = 0.01

const mismatch = (
  init: StoredSae,
  options: ResolvedOptions,
  rows: Pick<ScaledRows, "d_in" | "d_out" | "transcoder">
) => {
  const { architecture, d_sae } = options
  if (init.d_in !== rows.d_in) return `init reads rows of ${init.d_in} numbers, the activations have ${rows.d_in}`
  if (init.d_out !== rows.d_out) return `init writes rows of ${init.d_out} numbers, the target has ${rows.d_out}`
  if (init.d_sae !== d_sae) return `init has ${init.d_sae} latents, d_sae is ${d_sae}`
  if (init.transcoder !== rows.transcoder) {
    return init.transcoder ? "init is a transcoder, and an autoencoder is trained" : "init is no transcoder"
  }
  const { type } = init.latents
  const { name, latentType: own } = architecture
  if (type !== own) {
    return `init has ${type} latents, and architecture ${name} has ${own} ones`
  }
  if (
    (options.normalize === "layer_norm") !== (init.normalize === "layer_norm") ||
    init.normalize === "constant_norm_rescale"
  ) {
    return `init takes rows with normalize ${init.normalize}, this training has ${options.normalize}`
  }
  if (init.W_skip !== undefined && !options.skip) return "init has a skip connection, and skip is false"
  return storedProblem(init)
}

export const unfoldScale = (
  init: StoredSae,
  options: ResolvedOptions,
  rows: Pick<ScaledRows, "d_in" | "d_out" | "parts" | "penalized" | "transcoder" | "scale">
): FirstWeights | string => {
  const wrong = mismatch(init, options, rows)
  if (wrong !== undefined) return wrong
  const { d_in, d_out, scale } = rows
  const { d_sae, latents } = init
  const inputs = rows.parts.flatMap(({ width, scale: own }) => Array.from({ length: width }, () => own))
  const outputs = rows.transcoder ? Array.from({ length: d_out }, () => scale) : inputs
  const b_dec = init.b_dec.map((b, c) => b / (outputs[c] as number))
  const W_enc = new Float32Array(d_sae * d_in)
  const W_dec = new Float32Array(d_sae * d_out)
  const norms = new Float64Array(d_sae).fill(1)
  /** What a choice weighs activations by: of unit rows, so 1 but for crosscoders. */
  const weights = new Float64Array(d_sae).fill(1)
  /** What the centre takes from each latent's product, at norm one. */
  const centre = new Float64Array(d_sae)
  const moves = Number(options.apply_b_dec_to_input) - Number(init.apply_b_dec_to_input)
  for (let j = 0; j < d_sae; j++) {
    const row = Float64Array.from(outputs, (own, c) => ((init.W_dec[j * d_out + c] as number) * scale) / own)
    const norm = Math.hypot(...row)
    if (options.decoder_norm === "unit" && norm > 0) norms[j] = norm
    if (norm > 0) weights[j] = sumOfPartNorms(row, rows.penalized)
    const n = norms[j] as number
    for (let c = 0; c < d_out; c++) W_dec[j * d_out + c] = (row[c] as number) / n
    for (let c = 0; c < d_in; c++) {
      const w = ((init.W_enc[c * d_sae + j] as number) * (inputs[c] as number)) / scale
      W_enc[j * d_in + c] = w * n
      if (moves !== 0) centre[j] = (centre[j] as number) + moves * w * (b_dec[c] as number)
    }
  }
  const rescaled = "rescale" in latents && latents.rescale
  const far = weights.findIndex((weight) => Math.abs(weight - 1) > nearlyOne)
  if (options.architecture.sparseBy === "k" && !rescaled && far >= 0) {
    return `init's decoder row ${far} has norm ${(weights[far] as number).toPrecision(4)}, and ${options.architecture.name} chooses by activations of unit rows`
  }
  const moved =
    moves === 0
      ? latents
      : latentType(latents).shifted?.(
          latents,
          centre.map((shift) => shift * scale)
        )
  if (moved === undefined) return `init's ${latents.type} latents have no biases that b_dec could go into`
  const factors = norms.map((norm) => norm / scale)
  const { b_enc = new Float32Array(d_sae), ...extras } = Object.fromEntries(arraysOf(scaleLatents(moved, factors)))
  const skip: Readonly<Record<string, Floats>> =
    init.W_skip === undefined ? {} : { W_skip: init.W_skip.map((w, i) => (w * (inputs[i % d_in] as number)) / scale) }
  return { W_enc, b_enc, W_dec, b_dec, extras: { ...extras, ...skip } }
}
