/** Suggests the candidate that a person probably meant. */
import { ourName } from "./other-names.ts"

/** Damerau-Levenshtein distance (optimal string alignment): insert, delete, replace, swap neighbours. */
export const editDistance = (a: string, b: string): number => {
  let beforeLast: ReadonlyArray<number> = []
  let last: ReadonlyArray<number> = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row: Array<number> = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, (last[j - 1] as number) + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] as number) + 1)
      }
      row.push(best)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] as number
}

const longestWord = 100

/** The nearest candidate, or what begins so, or what others call so. Near: at most a third of the word's letters (and at least one), never all, differ. */
export const nearest = (word: string, candidates: ReadonlyArray<string>): string | undefined => {
  // A slip of the finger is in a word, and comparing two long texts takes the product of their lengths.
  if (word.length > longestWord) return undefined
  const ranked = candidates
    .filter((candidate) => candidate.length <= 2 * longestWord)
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(
      ({ candidate, distance }) =>
        distance <= Math.max(1, Math.floor(word.length / 3)) && distance < Math.max(word.length, candidate.length)
    )
    .toSorted((x, y) => x.distance - y.distance)
  return ranked[0]?.candidate ?? continued(word, candidates) ?? ourName(word, candidates)
}

/** Fewer letters are the beginning of anything. */
const BEGINNING = 4

/** The one candidate that a long enough word is the beginning of: `matryoshka` of `matryoshka_batch_topk`. */
const continued = (word: string, candidates: ReadonlyArray<string>): string | undefined => {
  if (word.length < BEGINNING) return undefined
  const longer = candidates.filter((candidate) => candidate.toLowerCase().startsWith(word.toLowerCase()))
  return longer.length === 1 ? longer[0] : undefined
}

/** `; did you mean "x"?`, or nothing: to be put behind a message. */
export const suggest = (word: string, candidates: ReadonlyArray<string>): string => {
  const candidate = nearest(word, candidates)
  return candidate === undefined ? "" : `; did you mean "${candidate}"?`
}

/** Of a name: what is not told apart by a slip of the finger. */
const digits = (name: string): string => name.replaceAll(/\D/g, "")

/**
 * As `suggest`, for names that are near each other without being mistaken for one another (`gemma3`, `gemma3n`, `gemma4`): at
 * most one letter in four is wrong, no digit is, and none of the two names is the other with something behind it.
 */
export const misspelt = (word: string, candidates: ReadonlyArray<string>): string =>
  suggest(
    word,
    candidates.filter(
      (candidate) =>
        editDistance(word.toLowerCase(), candidate) <= Math.max(1, Math.floor(word.length / 4)) &&
        digits(word) === digits(candidate) &&
        !candidate.startsWith(word) &&
        !word.startsWith(candidate)
    )
  )

/** More names than fit on a line help nobody. */
const SHOWN = 12

/** As `suggest`, and where nothing is near the names that exist: `; there are lr, k, steps`. */
export const suggestOrList = (word: string, candidates: ReadonlyArray<string>): string => {
  if (candidates.length === 0 || nearest(word, candidates) !== undefined) return suggest(word, candidates)
  const names = candidates.slice(0, SHOWN).join(", ") + (candidates.length > SHOWN ? ", ..." : "")
  return candidates.length === 1 ? `; there is only ${names}` : `; there are ${names}`
}
