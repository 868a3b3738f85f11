/** All latents of an SAE as the list shows them; the rest of those without an explanation is read when it is wanted. */
import { type LatentData, partId, type SubjectData } from "../browser-data.ts"
import { firesLabel } from "../fires-label.ts"
import { type PackedLatent, unpackLatents } from "../packed-latents.ts"

export type ListedLatent = Pick<LatentData, "id" | "text" | "density" | "max" | "score"> & {
  readonly explained: boolean
  /** Distinct tokens that it fires on, strongest first; tokens that it promotes. */
  readonly fires: ReadonlyArray<number>
  readonly promotes: ReadonlyArray<number>
  /** Everything about it; undefined while the page that holds it is still being read. */
  readonly whole: () => LatentData | undefined
}

const parts = new Map<string, ReadonlyMap<number, PackedLatent>>()

/** Of the script elements, since those that follow it are read after it ran. */
const readPart = (id: string): ReadonlyMap<number, PackedLatent> | undefined => {
  const known = parts.get(id)
  if (known !== undefined) return known
  const place = document.getElementById(id)
  // Where the next element is not there yet, this one may be half read.
  if (place === null || (document.readyState === "loading" && place.nextElementSibling === null)) return undefined
  const read = unpackLatents(place.textContent ?? "")
  parts.set(id, read)
  return read
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

export const listedLatents = ({ latents, others, texts }: SubjectData, index: number): ReadonlyArray<ListedLatent> => [
  ...latents.map(explained),
  ...(others?.id ?? []).map((id, i): ListedLatent => {
    const [fires, promotes] = [others?.fires[i] ?? [], others?.promotes[i] ?? []]
    const listed = {
      id,
      text: firesLabel(fires, promotes, texts),
      density: others?.density[i] ?? 0,
      max: others?.max[i] ?? 0,
      score: null
    }
    return {
      ...listed,
      explained: false,
      fires,
      promotes,
      whole: () => {
        const rest = readPart(partId(index, others?.part[i] ?? 0))?.get(id)
        return rest === undefined ? undefined : { ...rest, ...listed, patterns: [], more: 0 }
      }
    }
  })
]
