/** Latents along one line are one: a signed component is two latents, one for each sign. */

/**
 * Groups of latents whose decoder rows are the same or opposite, each by its first latent's order.
 *
 * @param W_dec [d_sae, d], row-major
 */
export const lineGroups = (
  W_dec: Float32Array,
  d: number,
  latents: ReadonlyArray<number>
): ReadonlyArray<ReadonlyArray<number>> => {
  const groups = new Map<string, Array<number>>()
  for (const latent of latents) {
    const row = W_dec.subarray(latent * d, (latent + 1) * d)
    const first = row.find((value) => value !== 0) ?? 1
    const key = Array.from(row, (value) => (first > 0 ? value + 0 : 0 - value)).join()
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [latent])
    else group.push(latent)
  }
  return [...groups.values()]
}
