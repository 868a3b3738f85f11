/**
 * The first-letter task: lists of lines ` cat has the first letter: C` that end at the colon of the word asked about
 * (Chanin et al. 2024). One prompt per word; the examples before it are drawn from the other words.
 */
import * as Rng from "../../random/rng.ts"
import type { DrillWord } from "../train/drill-lines.ts"

export interface FirstLetterPrompts {
  /** [words * time] token ids; prompts are of equal length, because every line of the form is. */
  readonly ids: Int32Array
  readonly time: number
  /** Position of the word asked about, the same in every prompt. */
  readonly wordAt: number
}

/**
 * @param words one prompt each
 * @param examplePool words that examples are drawn from; the word asked about is never among its own examples
 * @param examples lines before the one asked about
 */
export const firstLetterPrompts = (
  words: ReadonlyArray<DrillWord>,
  examplePool: ReadonlyArray<DrillWord>,
  endOfText: number,
  examples: number,
  seed: number
): FirstLetterPrompts => {
  const lineLength = words[0]?.lines.first_letter.length ?? 0
  for (const { word, lines } of [...words, ...examplePool]) {
    if (lines.first_letter.length !== lineLength) {
      throw new RangeError(`the line of ${word} has ${lines.first_letter.length} tokens, others have ${lineLength}`)
    }
  }
  // The last line stops before its letter and its newline.
  const time = 1 + (examples + 1) * lineLength - 2
  const ids = new Int32Array(words.length * time)
  const rng = Rng.make(seed, "first-letter prompts")
  for (const [w, asked] of words.entries()) {
    let at = w * time
    ids[at++] = endOfText
    const used = new Set([asked.word])
    for (let e = 0; e < examples; ) {
      const example = examplePool[rng.int(examplePool.length)] as DrillWord
      if (used.has(example.word)) continue
      used.add(example.word)
      ids.set(example.lines.first_letter, at)
      at += lineLength
      e++
    }
    ids.set(asked.lines.first_letter.subarray(0, lineLength - 2), at)
  }
  return { ids, time, wordAt: 1 + examples * lineLength }
}
