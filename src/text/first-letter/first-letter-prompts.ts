/**
 * Prompts of the first-letter task, as token ids: in-context lines ` cat has the first letter: C`, one a line, and the
 * test word's line cut before the letter. Source: Chanin et al. 2409.14507 and its code (10 examples, shuffled, newline
 * between lines, the test word never among the examples, the residual stream read at the word's token in the last line).
 *
 * Every word is one token, so all prompts have one length and one word position.
 */
import * as Rng from "../../random/rng.ts"

export const letters = "abcdefghijklmnopqrstuvwxyz"

/** Index of a word's first letter, 0 to 25. @throws RangeError when it does not start with a-z */
export const letterOf = (word: string): number => {
  const index = letters.indexOf(word.trim().charAt(0))
  if (index < 0 || word.trim() === "") throw new RangeError(`"${word}" does not start with a letter a-z`)
  return index
}

export interface FirstLetterPromptOptions {
  /** Words to ask about, without the leading space; each must be a single token with one. */
  readonly words: ReadonlyArray<string>
  /** Words that the examples are drawn from, single tokens too. @default words */
  readonly exampleWords?: ReadonlyArray<string>
  /** @default 10 */
  readonly examples?: number
  readonly seed: number
  readonly encode: (text: string) => ArrayLike<number>
  /** Id put at position 0, where the model was trained with one; null for none. */
  readonly bos: number | null
}

export interface FirstLetterPrompts {
  readonly words: ReadonlyArray<string>
  /** 0 to 25 for each word. */
  readonly letters: Uint8Array<ArrayBuffer>
  /** Tokens a prompt. The answer is predicted at position `length - 1`. */
  readonly length: number
  /** [words, length], row-major. */
  readonly ids: Int32Array<ArrayBuffer>
  /** Position of the test word's token, the same in every prompt. */
  readonly wordPosition: number
  /** Token ids of " A" to " Z". */
  readonly answerIds: Int32Array<ArrayBuffer>
  /** The first prompt as text. */
  readonly example: string
}

const question = (word: string): string => ` ${word} has the first letter:`
const answer = (letter: number): string => ` ${letters.charAt(letter).toUpperCase()}`

/** Prompts whose tokens are compared with those of the whole text, to show that lines may be tokenised apart. */
const verified = 16

/** @throws RangeError when a word or a capital is no single token, or too few words are there for the examples */
export const firstLetterPrompts = (options: FirstLetterPromptOptions): FirstLetterPrompts => {
  const { words, encode, bos, seed } = options
  const exampleWords = options.exampleWords ?? words
  const count = options.examples ?? 10
  if (words.length === 0) throw new RangeError("no words to ask about")
  if (exampleWords.length <= count) {
    throw new RangeError(`${count} examples and the test word need more than ${exampleWords.length} words`)
  }
  const single = (text: string): number => {
    const ids = encode(text)
    if (ids.length !== 1) throw new RangeError(`"${text}" is ${ids.length} tokens where a single one is needed`)
    return ids[0]!
  }
  const answerIds = Int32Array.from({ length: 26 }, (_, letter) => single(answer(letter)))
  const newline = Array.from(encode("\n"))
  const stem = Array.from(encode(question("word").slice(" word".length)))
  const idOf = new Map<string, number>()
  for (const word of [...words, ...exampleWords]) if (!idOf.has(word)) idOf.set(word, single(` ${word}`))

  const lineLength = 1 + stem.length + 1 + newline.length
  const start = bos === null ? 0 : 1
  const wordPosition = start + count * lineLength
  const length = wordPosition + 1 + stem.length
  const ids = new Int32Array(words.length * length)
  let example = ""
  words.forEach((word, n) => {
    // One stream a word: a word more or less changes no other prompt.
    const rng = Rng.make(seed, `examples of ${word}`)
    const chosen: Array<string> = []
    while (chosen.length < count) {
      const candidate = exampleWords[rng.int(exampleWords.length)]!
      if (candidate !== word && !chosen.includes(candidate)) chosen.push(candidate)
    }
    const prompt = [
      ...(bos === null ? [] : [bos]),
      ...chosen.flatMap((shown) => [idOf.get(shown)!, ...stem, answerIds[letterOf(shown)]!, ...newline]),
      idOf.get(word)!,
      ...stem
    ]
    ids.set(prompt, n * length)
    if (n >= verified) return
    const text = `${chosen.map((shown) => `${question(shown)}${answer(letterOf(shown))}`).join("\n")}\n${question(word)}`
    if (n === 0) example = text
    const whole = encode(text)
    if (whole.length !== length - start || Array.from(whole).some((id, i) => id !== prompt[start + i])) {
      throw new RangeError(
        "this tokenizer splits the prompt differently from its lines: the word's position is not known"
      )
    }
  })
  return {
    words,
    letters: Uint8Array.from(words, letterOf),
    length,
    ids,
    wordPosition,
    answerIds,
    example
  }
}
