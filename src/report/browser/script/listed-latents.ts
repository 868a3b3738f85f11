/** All latents of an SAE as the list shows them; the rest of those without an explanation is read when it is wanted. */
import { partId, type SubjectData } from "../browser-data.ts"
import type { LatentData } from "../latent-data.ts"
import { firesLabel } from "../fires-label.ts"
import { type PackedLatent, unpackLatents } from "../packed-latents.ts"
import { textOf } from "./context-of.ts"
import { pagePart } from "./page-part.ts"

export type ListedLatent = Pick<LatentData, "id" | "text" | "density" | "max" | "score"> & {
  readonly explained: boolean
  /** Distinct tokens that it fires on, strongest first; tokens that it promotes. */
  readonly fires: ReadonlyArray<number>
  readonly promotes: ReadonlyArray<number>
  /** Everything about it; undefined while the page that holds it is still being read. */
  readonly whole: () => LatentData | undefined
}

/** @param text element with the text that examples are from, which stands before it */
const readPart = (id: string, text: string | undefined): ReadonlyMap<number, PackedLatent> | undefined => {
  const whole = text === undefined ? undefined : textOf(text)
  return text !== undefined && whole === undefined ? undefined : pagePart(id, (packed) => unpackLatents(packed, whole))
}

const explained = (latent: LatentData): ListedLatent => ({
  id: latent.id,
  text: latent.text,
  density: latent.density,
  max: latent.max,
  score: latent.score,
  explained: true,
  fires: [...new Set(latent.top.flatMap(([, pivot, tokens]) => tokens[pivot] ?? []))],
  promotes: latent.promoted.map(([token]) => token),
  whole: () => latent
})

export const listedLatents = (
  { latents, others, texts, text: context }: SubjectData,
  index: number
): ReadonlyArray<ListedLatent> => [
  ...latents.map(explained),
  ...(others?.id ?? []).map((id, i): ListedLatent => {
    const [fires, promotes] = [others?.fires[i] ?? [], others?.promotes[i] ?? []]
    let text: string | undefined
    const listed = { id, density: others?.density[i] ?? 0, max: others?.max[i] ?? 0, score: null }
    return {
      ...listed,
      // Of thousands, few are read.
      get text() {
        return (text ??= firesLabel(fires, promotes, texts))
      },
      explained: false,
      fires,
      promotes,
      whole() {
        const rest = readPart(partId(index, others?.part[i] ?? 0), context)?.get(id)
        return rest === undefined ? undefined : { ...rest, ...listed, text: this.text, patterns: [], more: 0 }
      }
    }
  })
]
