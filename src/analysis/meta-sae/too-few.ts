/** What is wrong with a dictionary that cannot have k active latents; undefined: nothing. */
export const tooFew = (d_sae: number, k: number): string | undefined =>
  d_sae < k ? `a dictionary of ${d_sae} meta-latents has fewer than k = ${k}` : undefined
