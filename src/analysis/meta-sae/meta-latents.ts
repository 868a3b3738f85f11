/** What a meta-SAE says of a dictionary: the meta-latents of every latent, and the latents of every meta-latent. */
import type { LatentCodes } from "../latent-codes.ts"

export interface Weighted {
  readonly ids: ReadonlyArray<number>
  /** Strongest first. */
  readonly activations: ReadonlyArray<number>
}

export interface MetaLatents {
  /** For each row of the codes: its active meta-latents. */
  readonly latents: ReadonlyArray<Weighted>
  /** For each meta-latent: its strongest rows, and how many rows it fires on. */
  readonly meta_latents: ReadonlyArray<Weighted & { readonly count: number }>
  /** Meta-latents that fire on no row. */
  readonly dead: ReadonlyArray<number>
  /** Mean number of active meta-latents a row. */
  readonly l0: number
}

const strongest = (entries: ReadonlyArray<readonly [number, number]>, most: number): Weighted => {
  const sorted = entries.toSorted((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, most)
  return { ids: sorted.map(([id]) => id), activations: sorted.map(([, activation]) => activation) }
}

/**
 * @param codes of the meta-SAE on the decoder rows: row n is latent n of the base SAE
 * @param top how many latents to keep for each meta-latent
 */
export const metaLatents = (codes: LatentCodes, top: number): MetaLatents => {
  const byMeta = Array.from({ length: codes.d_sae }, (): Array<readonly [number, number]> => [])
  const latents = Array.from({ length: codes.rows }, (_, row) => {
    const own: Array<readonly [number, number]> = []
    for (let at = codes.offsets[row]!; at < codes.offsets[row + 1]!; at++) {
      own.push([codes.latents[at]!, codes.values[at]!])
      byMeta[codes.latents[at]!]!.push([row, codes.values[at]!])
    }
    return strongest(own, own.length)
  })
  return {
    latents,
    meta_latents: byMeta.map((entries) => ({ ...strongest(entries, top), count: entries.length })),
    dead: byMeta.flatMap((entries, id) => (entries.length === 0 ? [id] : [])),
    l0: codes.values.length / codes.rows
  }
}
