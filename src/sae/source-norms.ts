/**
 * How much of each latent of a crosscoder is in each source: |w_j^m| / sum_n |w_j^n|, from the decoder. Of two sources: near
 * 0 and 1 a latent of one source alone, near one half a shared one. Lindsey et al. 2024, "Sparse Crosscoders"; an L1 penalty
 * takes shared latents for those of one model (arXiv 2504.02922), so that BatchTopK is the safer choice.
 */

/**
 * [latents][sources], 0 for a latent whose decoder row is zero.
 *
 * @param W_dec [d_sae, sum of widths], for rows as they come
 * @param parts the sources' widths, and what the rows of each were divided by in training: without that the source with the
 *   larger activations would have all of every latent
 */
export const sourceShares = (
  W_dec: Float32Array,
  parts: ReadonlyArray<{ readonly width: number; readonly scale: number }>
): ReadonlyArray<ReadonlyArray<number>> => {
  const width = parts.reduce((sum, part) => sum + part.width, 0)
  return Array.from({ length: W_dec.length / width }, (_, j) => {
    let start = j * width
    const norms = parts.map((part) => {
      const norm = Math.hypot(...W_dec.subarray(start, start + part.width)) / part.scale
      start += part.width
      return norm
    })
    const total = norms.reduce((sum, norm) => sum + norm, 0)
    return norms.map((norm) => (total > 0 ? norm / total : 0))
  })
}

/** A latent of whose norm more than this is in one source is that source's own; other ones are shared (ckkissane's code). */
const ownShare = 0.7

/** For every source the number of latents that are its own, and the number that are nobody's. */
export const ownLatents = (
  shares: ReadonlyArray<ReadonlyArray<number>>
): { readonly own: ReadonlyArray<number>; readonly shared: number } => {
  const own = (shares[0] ?? []).map((_, m) => shares.filter((share) => (share[m] as number) > ownShare).length)
  const dead = shares.filter((share) => share.every((value) => value === 0)).length
  return { own, shared: shares.length - dead - own.reduce((sum, n) => sum + n, 0) }
}
