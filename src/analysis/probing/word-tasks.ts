/** Yes/no questions about a word in its sentence, with known answers: its part of speech, its form, the kind of text it is in. */

/** A word of the Brown corpus, by its tag without what is appended to it (`-tl`: of a title), and the genre of its text. */
export interface TaggedWord {
  readonly tag: string
  /** `a` to `r`. */
  readonly genre: string
}

export interface WordTask {
  readonly name: string
  /** Undefined: the question is not asked of this word. */
  readonly answer: (word: TaggedWord) => boolean | undefined
}

/** Tags of the Brown corpus manual (Francis and Kučera 1979), by class. Compounds (`nn+bez`) and foreign words are in none. */
const classes: Readonly<Record<string, RegExp>> = {
  noun: /^(nn|nns|nr|nrs)$/,
  name: /^(np|nps)$/,
  verb: /^vb[dgnz]?$/,
  adjective: /^jj[rst]?$/,
  adverb: /^rb[rt]?$/,
  preposition: /^in$/,
  determiner: /^(at|dt|dti|dts|dtx)$/,
  pronoun: /^pp(\$\$?|ls?|o|ss?)$/,
  conjunction: /^(cc|cs)$/
}
const all = Object.entries(classes)

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
