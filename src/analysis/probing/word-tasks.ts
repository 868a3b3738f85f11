/** Yes/no questions about a word in its sentence, with known answers: its part of speech, its form, the kind of text it is in. */
import { partsOfSpeech } from "../word-classes.ts"
import type { TaggedWord } from "../word-prompts.ts"

export interface WordTask {
  readonly name: string
  /** Undefined: the question is not asked of this word. */
  readonly answer: (word: TaggedWord) => boolean | undefined
}

const all = Object.entries(partsOfSpeech)

/** One of two kinds; undefined for others. */
const between =
  (yes: RegExp, no: RegExp) =>
  (value: string): boolean | undefined =>
    yes.test(value) ? true : no.test(value) ? false : undefined

const [plural, past, fiction] = [
  between(/^(nns|nps)$/, /^(nn|np)$/),
  between(/^vbd$/, /^vb[gz]?$/),
  between(/^[k-r]$/, /^[a-j]$/)
]

export const wordTasks: ReadonlyArray<WordTask> = [
  ...all.map(([name, own]): WordTask => ({
    name,
    answer: ({ tag }) => (all.some(([, tags]) => tags.test(tag)) ? own.test(tag) : undefined)
  })),
  { name: "plural", answer: ({ tag }) => plural(tag) },
  { name: "past tense", answer: ({ tag }) => past(tag) },
  { name: "in fiction", answer: ({ genre }) => fiction(genre) }
]
