/** Latents that come into a stitched SAE or leave it, at once. */

/** +1 adds the latent, -1 removes it. Latents in the common numbering of `StitchData`. */
export interface Flip {
  readonly latents: ReadonlyArray<number>
  readonly signs: ReadonlyArray<1 | -1>
}
