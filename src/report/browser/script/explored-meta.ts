/** A meta-SAE with what the page knows of the latents that it decomposes. */
import type { BrowserData, MetaData, SubjectData } from "../browser-data.ts"
import { type MetaExplanation, metaExplainer, metaLabel } from "./explain-meta-latent.ts"
import type { ListedLatent } from "./listed-latents.ts"
import { type MetaIndex, metaIndex } from "./meta-index.ts"

export interface ExploredMeta extends MetaIndex, Pick<MetaData, "label" | "base" | "metaLatents"> {
  /** Place among the meta-SAEs of the page. */
  readonly place: number
  /** Texts of the tokens of its SAE. */
  readonly texts: SubjectData["texts"]
  readonly text?: string
  readonly latents: ReadonlyMap<number, ListedLatent>
  readonly explanation: (meta: number) => MetaExplanation
  /** What a list calls a meta-latent. */
  readonly name: (meta: number) => string
  /** Why the page shows nothing of a latent. */
  readonly missing: string
}

/** A dashboard lists all latents that fire, explanations only those that were sampled. */
const whyMissing = (subject: SubjectData | undefined): string => {
  if (subject?.others !== undefined) return "does not fire in the rows of the dashboard"
  return subject === undefined || subject.latents.length === 0 ? "nothing is known of it here" : "not in the sample"
}

/** The latents of a meta-latent by what is known of the strongest, or by their numbers. */
const strongest = (index: MetaIndex, latents: ExploredMeta["latents"], meta: number): string => {
  const users = index.latentsOf(meta)
  const known = users.flatMap(([id]) => latents.get(id)?.text ?? [])
  if (known.length > 0) return known.slice(0, 2).join(" / ")
  return `latents ${users
    .slice(0, 6)
    .map(([id]) => id)
    .join(", ")}`
}

const remembered = <A>(make: (meta: number) => A): ((meta: number) => A) => {
  const made = new Map<number, A>()
  return (meta) => {
    const known = made.get(meta) ?? make(meta)
    made.set(meta, known)
    return known
  }
}

export const exploredMetas = (
  { metas, subjects }: BrowserData,
  listed: ReadonlyArray<ReadonlyArray<ListedLatent>>
): ReadonlyArray<ExploredMeta> =>
  metas.map((meta, place) => {
    const [subject, own = []] = [subjects[meta.base], listed[meta.base]]
    const texts = subject?.texts ?? {}
    const index = metaIndex(meta)
    const latents = new Map(own.map((latent) => [latent.id, latent]))
    let explain: ReturnType<typeof metaExplainer> | undefined
    const explanation = remembered((id) => (explain ??= metaExplainer(own, texts))(index.latentsOf(id)))
    return {
      ...index,
      label: meta.label,
      base: meta.base,
      metaLatents: meta.metaLatents,
      place,
      texts,
      ...(subject?.text === undefined ? {} : { text: subject.text }),
      latents,
      explanation,
      name: remembered((id) => metaLabel(explanation(id)) ?? strongest(index, latents, id)),
      missing: whyMissing(subject)
    }
  })
