/**
 * Which documents are held out: by document, seeded, and within each kind of text (the part of a name before "/"), so
 * that training and held-out rows are of the same mixture.
 */
import type { DocumentNames } from "../kinds/tokens/document-names.ts"
import { drawShare } from "../random/draw-share.ts"
import * as Rng from "../random/rng.ts"

export interface DocumentSplit {
  readonly by: "document" | "contexts"
  /** Ascending. */
  readonly held_out_documents: ReadonlyArray<number>
  /** First held-out context where the text cannot be split by document, else null. */
  readonly first_held_out_context: number | null
}

/** Documents by kind; kinds of one document are thrown together, since they cannot be split by themselves. */
const kinds = (count: number, names: DocumentNames | undefined): ReadonlyMap<string, ReadonlyArray<number>> => {
  const groups = new Map<string, Array<number>>()
  for (let document = 0; document < count; document++) {
    const name = names?.at(document) ?? ""
    const kind = name.includes("/") ? name.slice(0, name.indexOf("/")) : ""
    const members = groups.get(kind)
    if (members === undefined) groups.set(kind, [document])
    else members.push(document)
  }
  const single = [...groups].filter(([kind, members]) => kind !== "" && members.length === 1)
  for (const [kind] of single) groups.delete(kind)
  const rest = [...(groups.get("") ?? []), ...single.flatMap(([, members]) => members)]
  if (rest.length > 0) groups.set("", rest)
  return groups
}

/**
 * @param sizes tokens of each document
 * @param fraction share of each kind's tokens to hold out; a document that would overshoot it is passed over
 * @param contexts number of contexts: where documents make up less than half of the share (a few long ones do not fit
 *   into it), the last `fraction` of the contexts is held out instead, at least one of them and not all
 */
export const heldOutDocuments = (
  sizes: ArrayLike<number>,
  names: DocumentNames | undefined,
  fraction: number,
  seed: number,
  contexts: number
): DocumentSplit => {
  const heldOut: Array<number> = []
  let [wanted, held] = [0, 0]
  for (const [kind, members] of kinds(sizes.length, names)) {
    const present = members.filter((document) => (sizes[document] as number) > 0)
    const share = fraction * present.reduce((sum, document) => sum + (sizes[document] as number), 0)
    const order = Rng.make(seed, `held-out documents of ${kind}`).permutation(present.length)
    const { drawn, sum } = drawShare(
      sizes,
      Array.from(order, (i) => present[i] as number),
      share
    )
    heldOut.push(...drawn)
    wanted += share
    held += sum
  }
  if (held >= wanted / 2) {
    return { by: "document", held_out_documents: heldOut.toSorted((a, b) => a - b), first_held_out_context: null }
  }
  const last = Math.max(1, Math.floor(contexts * fraction * (1 + 1e-12)))
  return { by: "contexts", held_out_documents: [], first_held_out_context: contexts < 2 ? null : contexts - last }
}

/** Share of all tokens that a split holds out. */
export const heldOutShare = (split: DocumentSplit, sizes: ArrayLike<number>, contexts: number): number => {
  if (split.by === "contexts") return (contexts - (split.first_held_out_context ?? contexts)) / contexts
  const all = Array.from(sizes).reduce((sum, size) => sum + size, 0)
  return split.held_out_documents.reduce((sum, document) => sum + (sizes[document] as number), 0) / all
}

/** Whether a token is held out, from a recorded split. */
export const isHeldOut = (split: DocumentSplit): ((document: number, context: number) => boolean) => {
  if (split.by === "contexts") {
    const first = split.first_held_out_context ?? Number.POSITIVE_INFINITY
    return (_, context) => context >= first
  }
  const heldOut = new Set(split.held_out_documents)
  return (document) => heldOut.has(document)
}
