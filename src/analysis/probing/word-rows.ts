/** Words of the Brown corpus as rows: the activation at a word's last token, what is asked of it, and which documents are tested on. */
import type { RunnableModel } from "../../model/run-model.ts"
import * as Rng from "../../random/rng.ts"
import { brownTagged } from "../../source/builtin/brown-tagged.ts"
import type { TextTokenizer } from "../../text/tokenizer.ts"
import { promptRows } from "../prompt-rows.ts"
import { type WordPrompt, wordPrompts } from "../word-prompts.ts"
import type { ProbingTask } from "./probe-tasks.ts"
import { wordTasks } from "./word-tasks.ts"

/** Share of the documents that is tested on. */
const testShare = 0.4

export const askedWords = (
  prompts: ReadonlyArray<WordPrompt>,
  seed: number
): {
  readonly document: ReadonlyArray<number>
  readonly heldOut: ReadonlyArray<boolean>
  readonly tasks: ReadonlyArray<ProbingTask>
} => {
  const document = prompts.map((prompt) => prompt.document)
  const documents = [...new Set(document)]
  const order = Array.from(Rng.make(seed, "probing documents").permutation(documents.length), (i) => documents[i]!)
  const test = new Set(order.slice(0, Math.round(testShare * order.length)))
  return {
    document,
    heldOut: document.map((each) => test.has(each)),
    tasks: wordTasks.map(({ name, answer }) => ({ name, answers: prompts.map(answer) }))
  }
}

/** The same words for all SAEs; the model reads them once for each hook. */
export const wordRows = (model: RunnableModel, tokenizer: TextTokenizer, count: number, seed: number) => {
  const prompts = wordPrompts(brownTagged(), count, Rng.make(seed, "probing words"))
  const texts = prompts.map(({ text }) => tokenizer.encode(text))
  const rowsAt = new Map<string, Float32Array>()
  return {
    ...askedWords(prompts, seed),
    texts: texts.length,
    rows: (hook: string, onTexts: (done: number) => void): Float32Array => {
      const x = rowsAt.get(hook) ?? promptRows(model, hook, texts, onTexts)
      rowsAt.set(hook, x)
      return x
    }
  }
}
