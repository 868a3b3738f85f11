/** All latents of an SAE as the list shows them; the rest of those without an explanation is read when it is wanted. */
import { type LatentData, partId, type SubjectData } from "../browser-data.ts"

export type ListedLatent = Pick<LatentData, "id" | "text" | "density" | "max" | "score"> & {
  readonly explained: boolean
  /** Everything about it. */
  readonly whole: () => LatentData | undefined
}

const parts = new Map<string, ReadonlyMap<number, LatentData>>()

/** A part stands in the page as text, and is parsed once. */
const readPart = (id: string): ReadonlyMap<number, LatentData> => {
  const known = parts.get(id)
  if (known !== undefined) return known
  const latents = JSON.parse(document.getElementById(id)?.textContent ?? "[]") as ReadonlyArray<LatentData>
  const read = new Map(latents.map((latent) => [latent.id, latent]))
  parts.set(id, read)
  return read
}

export const listedLatents = ({ latents, others }: SubjectData, index: number): ReadonlyArray<ListedLatent> => [
  ...latents.map((latent): ListedLatent => ({
    id: latent.id,
    text: latent.text,
    density: latent.density,
    max: latent.max,
    score: latent.score,
    explained: true,
    whole: () => latent
  })),
  ...(others?.id ?? []).map((id, i): ListedLatent => ({
    id,
    text: others?.text[i] ?? "",
    density: others?.density[i] ?? 0,
    max: others?.max[i] ?? 0,
    score: null,
    explained: false,
    whole: () => readPart(partId(index, others?.part[i] ?? 0)).get(id)
  }))
]
