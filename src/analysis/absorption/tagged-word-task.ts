/**
 * Classes of words in their sentences, from the tags of the Brown corpus: hierarchies whose truth is known and that nobody asks the
 * model for. Each word is there once, so that no word is both learnt from and tested on, and is one token, as first letters' are.
 */
import * as Effect from "effect/Effect"
import type { RunnableModel } from "../../model/run-model.ts"
import * as Rng from "../../random/rng.ts"
import { brownTagged } from "../../source/builtin/brown-tagged.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { promptRows } from "../prompt-rows.ts"
import { partsOfSpeech } from "../word-classes.ts"
import { type WordPrompt, wordPrompts } from "../word-prompts.ts"
import { leastWords } from "./unfit-words.ts"
import type { TaskName, TaskRows, WordTask } from "./word-task.ts"

type Classify = (word: WordPrompt) => string | undefined

const openClasses = ["noun", "name", "verb", "adjective", "adverb"]

const kinds: Readonly<
  Record<Exclude<TaskName, "first_letter">, { readonly classes: ReadonlyArray<string>; readonly classOf: Classify }>
> = {
  // Words of the other parts of speech are too few to be split.
  part_of_speech: {
    classes: openClasses,
    classOf: ({ tag }) => openClasses.find((name) => partsOfSpeech[name]?.test(tag))
  },
  number: {
    classes: ["singular", "plural"],
    classOf: ({ tag }) => (tag === "nn" ? "singular" : tag === "nns" ? "plural" : undefined)
  },
  // Not the first word of its sentence: none of these is.
  capitalisation: {
    classes: ["lower case", "capitalised"],
    classOf: ({ word }) =>
      /^[a-z]{2,}$/.test(word) ? "lower case" : /^[A-Z][a-z]+$/.test(word) ? "capitalised" : undefined
  }
}

/** Words looked at in each of the 500 documents. */
const wordsOfDocument = 60

const unasked = {
  effect: null,
  unmeasured: "the model is not asked for these classes, so that there is no answer which ablations change",
  ablate: undefined
}

export interface TaggedWordOptions {
  readonly words_per_letter: number | null
  readonly min_letters: number | null
  readonly seed: number
}

export const taggedWordTask = Effect.fnUntraced(function* (
  name: keyof typeof kinds,
  model: RunnableModel,
  encode: (text: string) => Int32Array,
  options: TaggedWordOptions
) {
  const { classes, classOf } = kinds[name]
  const most = options.words_per_letter ?? 400
  const rng = Rng.make(options.seed, `words of the task ${name}`)
  const prompts = wordPrompts(brownTagged(), wordsOfDocument, rng)
  const seen = new Set<string>()
  const counts = classes.map(() => 0)
  const chosen = Array.from(rng.permutation(prompts.length), (n) => prompts[n]!).filter((prompt) => {
    const label = classes.indexOf(classOf(prompt) ?? "")
    const type = prompt.word.toLowerCase()
    if (label < 0 || counts[label]! >= most || seen.has(type) || encode(` ${prompt.word}`).length !== 1) return false
    seen.add(type)
    counts[label]! += 1
    return true
  })
  const [first] = chosen
  if (first === undefined || chosen.length < leastWords) {
    return yield* stageFailed(
      `${chosen.length} words of one token are too few for absorption, ${leastWords} are needed: ` +
        classes.map((label, n) => `${counts[n]} ${label}`).join(", "),
      `Raise words_per_letter (${most}), or take a model whose tokenizer keeps more words whole.`
    )
  }
  const texts = chosen.map(({ text }) => encode(text))
  const task: WordTask = {
    name,
    classes,
    example: first.text,
    needs: "Absorption needs a hook where these classes of words are linearly readable.",
    leastClasses: options.min_letters ?? 1,
    rowsAt: (hook, progress) =>
      Effect.sync((): TaskRows => ({
        words: chosen.map(({ word }) => word),
        labels: Uint8Array.from(chosen, (prompt) => classes.indexOf(classOf(prompt) ?? "")),
        x: Float32Array.from(
          promptRows(model, hook, texts, (done) => progress({ done, total: texts.length, unit: "words" }))
        ),
        asked: chosen.length,
        answers: false,
        ablations: () => unasked
      }))
  }
  return task
})
