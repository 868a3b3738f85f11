/**
 * Why words cannot be measured for absorption: too few of them, letters without any, or a model that does not know their
 * letters. A low number from such words would read as a good SAE.
 */
import { letters } from "../../text/first-letter/first-letter-prompts.ts"

/** Fewer words than this leave probes with nothing to learn from. */
export const leastWords = 260

/** Splits of the words are 80/20, so there are five with disjoint test words. */
export const folds = 5

/** One test word in each split: a split without one says nothing of the letter. */
export const leastOfLetter = folds

export interface Unfit {
  readonly problem: string
  readonly remedy: string
}

interface Needed {
  readonly min_letters: number
  readonly words_per_letter: number
}

/** The letters, a to z, that have fewer words than a probe needs. */
const scarce = (ofWords: ArrayLike<number>): ReadonlyArray<string> => {
  const counts = new Uint32Array(letters.length)
  for (let n = 0; n < ofWords.length; n++) counts[ofWords[n]!]!++
  return Array.from(letters).filter((_, letter) => counts[letter]! < leastOfLetter)
}

/**
 * Before the model is asked.
 *
 * @param asked the letter of every word, 0 to 25
 */
export const tooFewWords = (asked: ArrayLike<number>, needed: Needed): Unfit | undefined => {
  const without = scarce(asked)
  if (letters.length - without.length < needed.min_letters) {
    return {
      problem:
        `${letters.length - without.length} letters have ${leastOfLetter} words that are one token each, ` +
        `${needed.min_letters} are needed; too few start with ${without.join(", ")}`,
      remedy: "Take a model whose tokenizer keeps common words whole, or lower min_letters."
    }
  }
  if (asked.length >= leastWords) return undefined
  return {
    problem: `${asked.length} words are too few for absorption, ${leastWords} are needed`,
    remedy: `Raise words_per_letter (${needed.words_per_letter}), or take a model whose tokenizer keeps more words whole.`
  }
}

/**
 * After the model was asked.
 *
 * @param asked the letter of every word, 0 to 25
 * @param right whether the model named it
 */
export const unknownLetters = (
  asked: ArrayLike<number>,
  right: ReadonlyArray<boolean>,
  needed: Needed
): Unfit | undefined => {
  const known = Array.from(asked).filter((_, word) => right[word])
  const without = scarce(known)
  if (known.length >= leastWords && letters.length - without.length >= needed.min_letters) return undefined
  const share = `${known.length} of ${asked.length} words (${((100 * known.length) / asked.length).toFixed(1)} %)`
  const missed = without.length === 0 ? "" : `, too few that start with ${without.join(", ")}`
  // Half of the words right is no model that guesses: then the words are what is short.
  if (2 * known.length >= asked.length) {
    return {
      problem: `the model names the first letter of ${share}${missed}; ${leastWords} words of ${needed.min_letters} letters are needed`,
      remedy: `Raise words_per_letter (${needed.words_per_letter}) or icl_examples.`
    }
  }
  return {
    problem: `this model does not know first letters: it names those of ${share}${missed}`,
    remedy:
      "Raise icl_examples, or take a larger or better trained model. A low absorption here would say nothing of the SAE."
  }
}
