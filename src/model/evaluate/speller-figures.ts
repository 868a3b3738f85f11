/** What tiny-speller is held to: letters answered, letters carried linearly, and text modelled better than by bigrams. */
import { firstLetterPrompts, letterOf } from "../../text/first-letter/first-letter-prompts.ts"
import type { Interval } from "../../numeric/bootstrap.ts"
import { shareInterval } from "../../numeric/mean-interval.ts"
import * as Rng from "../../random/rng.ts"
import type { WordRole } from "../../text/drill-words.ts"
import type { SpellerCorpus } from "../../text/speller-corpus.ts"
import type { TextTokenizer } from "../../text/tokenizer.ts"
import type { RunnableModel } from "../run-model.ts"
import { type FirstLetterFigures, firstLetterFigures } from "./first-letter-figures.ts"
import { letterProbe } from "./letter-probe.ts"
import { modelTextFigures, type TextFigures } from "./text-figures.ts"

export interface SpellerOptions {
  /** Where the probe reads the word: a hook of the residual stream. */
  readonly hook: string
  readonly endOfText: number
  /** Lines before the one asked about. */
  readonly examples: number
  readonly seed: number
}

export interface SpellerFigures {
  /** Share of right answers by role of the word, its interval over the words, and how many there are. */
  readonly accuracy: Readonly<
    Record<WordRole, { readonly accuracy: number; readonly interval: Interval | undefined; readonly words: number }>
  >
  readonly probe: {
    /** Over the held-out fifth of the drilled words. */
    readonly accuracy: number
    readonly interval: Interval | undefined
    /** Letters with F1 above 0.8 there. */
    readonly goodLetters: number
    /** Share of the variance over words that lies between letters. */
    readonly letterShare: number
  }
  readonly text: TextFigures
}

const testShare = 0.2

/** @throws RangeError for an unknown hook, or where no drill word is a single token */
export const spellerFigures = (
  model: RunnableModel,
  corpus: SpellerCorpus,
  tokenizer: TextTokenizer,
  { hook, endOfText, examples, seed }: SpellerOptions
): SpellerFigures => {
  const { encode } = tokenizer
  const single = corpus.words.filter((word) => encode(` ${word}`).length === 1)
  const ofRole = (role: WordRole): ReadonlyArray<string> => single.filter((word) => corpus.roles.get(word) === role)
  const drilled = ofRole("drilled")
  const ask = (words: ReadonlyArray<string>) =>
    firstLetterFigures(
      model,
      firstLetterPrompts({ words, exampleWords: drilled, examples, seed, encode, bos: endOfText }),
      [hook]
    )
  const overWords = (right: ReadonlyArray<boolean>) =>
    shareInterval(right.filter(Boolean).length, right.length, Rng.make(seed, "intervals over words"))
  const told = ({ accuracy, right }: FirstLetterFigures) => ({
    accuracy,
    interval: overWords(right),
    words: right.length
  })
  const asked = ask(drilled)
  const labels = drilled.map(letterOf)
  const isTest = labels.map(() => false)
  const order = Rng.make(seed, "probe split").permutation(labels.length)
  for (const i of order.slice(0, Math.round(testShare * labels.length))) isTest[i] = true
  const probe = letterProbe(asked.activations[hook] as Float32Array, model.info.d_model, labels, isTest)
  return {
    accuracy: {
      drilled: told(asked),
      spelled: told(ask(ofRole("spelled"))),
      unseen: told(ask(ofRole("unseen")))
    },
    probe: {
      accuracy: probe.accuracy,
      interval: overWords(probe.right),
      goodLetters: probe.f1.filter((f1) => f1 !== undefined && f1 > 0.8).length,
      letterShare: probe.share
    },
    text: modelTextFigures(model, corpus, tokenizer, endOfText)
  }
}
