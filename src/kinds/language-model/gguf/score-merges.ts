/**
 * The merges that SentencePiece's scores stand for: two neighbouring pieces are joined where what they make is a piece,
 * those that make the piece with the highest score first.
 */

/** Longer pieces are never the result of a merge worth having; the longest of Gemma's has 48 characters. */
const longest = 1024

/**
 * @param isNormal whether a piece may take part: control tokens, bytes and user-defined ones are found otherwise
 * @returns pairs, first to be merged first; of the splits of one piece, those with the lower ids first
 */
export const scoreMerges = (
  tokens: ReadonlyArray<string>,
  scores: ArrayLike<number>,
  isNormal: (id: number) => boolean
): ReadonlyArray<readonly [string, string]> => {
  const ids = new Map<string, number>()
  for (const [id, token] of tokens.entries()) if (isNormal(id) && !ids.has(token)) ids.set(token, id)
  const order = [...ids.values()].toSorted((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
  const merges: Array<readonly [string, string]> = []
  for (const id of order) {
    const token = tokens[id] as string
    if (token.length > longest) continue
    const own: Array<readonly [left: number, right: number]> = []
    for (let cut = 1; cut < token.length; cut++) {
      // Not between the halves of a surrogate pair.
      const unit = token.charCodeAt(cut)
      if (unit >= 0xdc00 && unit < 0xe000) continue
      const left = ids.get(token.slice(0, cut))
      if (left === undefined) continue
      const right = ids.get(token.slice(cut))
      if (right !== undefined) own.push([left, right])
    }
    const ordered = own.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])
    for (const [left, right] of ordered) merges.push([tokens[left] as string, tokens[right] as string])
  }
  return merges
}
