/**
 * Latents chosen by k whose activations may count by the norms of their decoder rows (SAELens
 * `rescale_acts_by_decoder_norm`): plain ones whose decoder rows have norm one and whose encoder is scaled by the norms.
 */
import { added, type Floats, type Matrices } from "./latent-type.ts"
import { withUnitDecoder } from "./unit-decoder.ts"

interface Rescaled {
  readonly b_enc: Floats
  readonly rescale: boolean
}

export const shifted = <L extends Rescaled>(latents: L, shift: Float64Array): L => ({
  ...latents,
  b_enc: added(latents.b_enc, shift)
})

/** The matrices and the bias that compute them without the norms, where they differ. */
export const plainParts = ({ rescale, b_enc }: Rescaled, matrices: Matrices) =>
  rescale ? withUnitDecoder(matrices, b_enc) : {}

/** Undefined: there are no norms to fold. */
export const withoutNorms = <L extends Rescaled>(latents: L, matrices: Matrices) => {
  if (!latents.rescale) return undefined
  const { W_enc, W_dec, b_enc } = withUnitDecoder(matrices, latents.b_enc)
  return { latents: { ...latents, b_enc, rescale: false }, W_enc, W_dec }
}
