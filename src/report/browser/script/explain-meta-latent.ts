/** What a meta-latent stands for, through the latents that use it: tokens that many of them fire on or promote, and few others do. */
import type { SubjectData } from "../browser-data.ts"
import { tokenName } from "../token-name.ts"
import type { ListedLatent } from "./listed-latents.ts"
import type { Weighted } from "./meta-index.ts"

export interface CommonToken {
  readonly text: string
  /** Latents among those that use the meta-latent. */
  readonly latents: number
}

export interface MetaExplanation {
  readonly fires: ReadonlyArray<CommonToken>
  readonly promotes: ReadonlyArray<CommonToken>
}

type Tokens = Pick<ListedLatent, "id" | "fires" | "promotes">

/** " Cat" and "cat" are one word here. */
const wordOf = (text: string): string => text.trim().toLowerCase() || text

const shown = 6

/** How many of all latents have each word. */
const counted = (wordsOf: ReadonlyArray<ReadonlySet<string>>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const words of wordsOf) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}

interface Side {
  readonly of: ReadonlyMap<number, ReadonlySet<string>>
  readonly all: ReadonlyMap<string, number>
}

const sideOf = (
  listed: ReadonlyArray<Tokens>,
  texts: SubjectData["texts"],
  tokens: (latent: Tokens) => ReadonlyArray<number>
): Side => {
  const of = new Map(
    listed.map((latent) => [latent.id, new Set(tokens(latent).map((id) => wordOf(tokenName(texts, id))))] as const)
  )
  return { of, all: counted([...of.values()]) }
}

/**
 * Words that two users at least have, by share log(share / base): `share` of the users, weighted by how strongly they use it, `base` of all
 * latents: the word's term in the Kullback-Leibler divergence of the one from the other.
 */
const common = (users: ReadonlyArray<Weighted>, { of, all }: Side): ReadonlyArray<CommonToken> => {
  const found = new Map<string, { weight: number; latents: number }>()
  let total = 0
  for (const [id, activation] of users) {
    const words = of.get(id)
    if (words === undefined) continue
    total += activation
    for (const word of words) {
      const known = found.get(word) ?? { weight: 0, latents: 0 }
      found.set(word, { weight: known.weight + activation, latents: known.latents + 1 })
    }
  }
  return [...found]
    .flatMap(([text, { weight, latents }]) => {
      const [share, base] = [weight / total, (all.get(text) ?? 0) / of.size]
      return latents < 2 || share <= base ? [] : [{ text, latents, score: share * Math.log(share / base) }]
    })
    .toSorted((a, b) => b.score - a.score || (a.text < b.text ? -1 : 1))
    .slice(0, shown)
    .map(({ text, latents }) => ({ text, latents }))
}

/** Once for an SAE: it counts the words of all its latents. */
export const metaExplainer = (
  listed: ReadonlyArray<Tokens>,
  texts: SubjectData["texts"]
): ((users: ReadonlyArray<Weighted>) => MetaExplanation) => {
  const [fires, promotes] = [
    sideOf(listed, texts, (latent) => latent.fires),
    sideOf(listed, texts, (latent) => latent.promotes)
  ]
  return (users) => ({ fires: common(users, fires), promotes: common(users, promotes) })
}

const named = (tokens: ReadonlyArray<CommonToken>, most: number): string =>
  tokens
    .slice(0, most)
    .map(({ text, latents }) => `${JSON.stringify(text)} (${latents})`)
    .join(", ")

/** For a list: what its latents have in common, with how many of them. Undefined where they have nothing. */
export const metaLabel = ({ fires, promotes }: MetaExplanation): string | undefined => {
  const parts = [
    ...(fires.length === 0 ? [] : [`fire on ${named(fires, 4)}`]),
    ...(promotes.length === 0 ? [] : [`promote ${named(promotes, 3)}`])
  ]
  return parts.length === 0 ? undefined : `Its latents ${parts.join("; ")}`
}
