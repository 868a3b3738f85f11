/**
 * Splits documents into training and held-out text: by document, seeded, and stratified by source folder, so that every
 * kind of text is in both. Documents keep their order.
 */
import { drawShare } from "../random/draw-share.ts"
import * as Rng from "../random/rng.ts"
import type { TextDocument } from "../source/builtin/text-document.ts"

/**
 * @param fraction share of each source's characters to hold out (0 to 1)
 * @param slack part of that share by which a source may exceed it
 */
export const heldOutSplit = (
  documents: ReadonlyArray<TextDocument>,
  fraction: number,
  seed: number,
  slack = 0
): { readonly train: ReadonlyArray<TextDocument>; readonly heldOut: ReadonlyArray<TextDocument> } => {
  const groups = new Map<string, Array<number>>()
  for (const [i, { name }] of documents.entries()) {
    const group = name.split("/")[0] ?? ""
    const members = groups.get(group)
    if (members === undefined) groups.set(group, [i])
    else members.push(i)
  }
  const sizes = documents.map(({ text }) => text.length)
  const out = new Set<number>()
  for (const [group, members] of groups) {
    const order = Rng.make(seed, `held-out ${group}`).permutation(members.length)
    const wanted = fraction * members.reduce((sum, i) => sum + (sizes[i] as number), 0)
    const drawn = drawShare(
      sizes,
      Array.from(order, (k) => members[k] as number),
      wanted,
      slack
    )
    for (const i of drawn.drawn) out.add(i)
  }
  return { train: documents.filter((_, i) => !out.has(i)), heldOut: documents.filter((_, i) => out.has(i)) }
}
