/** Of a meta-SAE: the meta-latents of every latent, the latents of every meta-latent, and which latents share meta-latents. */
import type { MetaData } from "../browser-data.ts"

/** A latent or a meta-latent, and the activation of the one on the other's direction. */
export type Weighted = readonly [id: number, activation: number]

export interface Sharing {
  readonly id: number
  /** Sum over the meta-latents of both of the smaller of the two activations. */
  readonly weight: number
}

export interface MetaIndex {
  /** Strongest first. */
  readonly metasOf: (latent: number) => ReadonlyArray<Weighted>
  readonly latentsOf: (meta: number) => ReadonlyArray<Weighted>
  /** Latents that share most first, without `latent` itself. */
  readonly sharing: (latent: number) => ReadonlyArray<Sharing>
}

const strongestFirst = ([a, x]: Weighted, [b, y]: Weighted): number => y - x || a - b

export const metaIndex = ({ metaLatents, counts, ids, activations }: MetaData): MetaIndex => {
  // Of one latent a few numbers; of one meta-latent all of them are looked through, which thousands of latents make slow.
  let end = 0
  const ends = counts.map((count) => (end += count))
  const metasOf = (latent: number): ReadonlyArray<Weighted> => {
    const [from, to] = [ends[latent - 1] ?? 0, ends[latent] ?? 0]
    return ids
      .slice(from, to)
      .map((id, i): Weighted => [id, activations[from + i] as number])
      .toSorted(strongestFirst)
  }
  let users: ReadonlyArray<ReadonlyArray<Weighted>> | undefined
  const usersOfAll = (): ReadonlyArray<ReadonlyArray<Weighted>> => {
    const all = Array.from({ length: metaLatents }, (): Array<Weighted> => [])
    for (const latent of counts.keys())
      for (const [meta, activation] of metasOf(latent)) all[meta]?.push([latent, activation])
    return all.map((each) => each.toSorted(strongestFirst))
  }
  const latentsOf = (meta: number): ReadonlyArray<Weighted> => (users ??= usersOfAll())[meta] ?? []
  return {
    metasOf,
    latentsOf,
    sharing: (latent) => {
      const weights = new Map<number, number>()
      for (const [meta, activation] of metasOf(latent)) {
        for (const [id, other] of latentsOf(meta)) {
          if (id !== latent) weights.set(id, (weights.get(id) ?? 0) + Math.min(activation, other))
        }
      }
      return [...weights].map(([id, weight]) => ({ id, weight })).toSorted((a, b) => b.weight - a.weight || a.id - b.id)
    }
  }
}
