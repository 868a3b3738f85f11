/**
 * Splits documents into training and held-out text: by document, seeded, and stratified by source folder, so that every
 * kind of text is in both. Documents keep their order.
 */
import * as Rng from "../random/rng.ts"
import type { TextDocument } from "../source/builtin/text-document.ts"

/**
 * @param fraction share of each source's characters to hold out (0 to 1); documents are drawn until it is reached
 */
export const heldOutSplit = (
  documents: ReadonlyArray<TextDocument>,
  fraction: number,
  seed: number
): { readonly train: ReadonlyArray<TextDocument>; readonly heldOut: ReadonlyArray<TextDocument> } => {
  const groups = new Map<string, Array<number>>()
  for (const [i, { name }] of documents.entries()) {
    const group = name.split("/")[0] ?? ""
    const members = groups.get(group)
    if (members === undefined) groups.set(group, [i])
    else members.push(i)
  }
  const out = new Set<number>()
  for (const [group, members] of groups) {
    const size = (i: number): number => documents[i]?.text.length ?? 0
    const wanted = fraction * members.reduce((sum, i) => sum + size(i), 0)
    let taken = 0
    for (const k of Rng.make(seed, `held-out ${group}`).permutation(members.length)) {
      if (taken >= wanted) break
      const i = members[k] as number
      out.add(i)
      taken += size(i)
    }
  }
  return { train: documents.filter((_, i) => !out.has(i)), heldOut: documents.filter((_, i) => out.has(i)) }
}
