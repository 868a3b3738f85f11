/** The stage make-ioi-sentences. */
import * as Effect from "effect/Effect"
import * as Rng from "../../random/rng.ts"
import { breathe } from "../../stage/breathe.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { openSymbolContexts } from "../symbol-contexts.ts"
import { chooseIoi, ioiSentence, ioiSymbols, ioiWords } from "./ioi-sentences.ts"

/** Sentences of one piece of the file. */
const step = 1024

const beginning = "<start>"

export const ioiSentencesStage = Effect.fn("ioiSentencesStage")(function* ({
  params: { sentences, seed },
  output,
  progress
}: StageContext<{ readonly sentences: number; readonly seed: number }, unknown, {}>) {
  const symbols = [beginning, ...ioiSymbols(ioiWords)]
  const ids = new Map(symbols.map((symbol, id) => [symbol, id]))
  const rng = Rng.make(seed, "sentences with an indirect object")
  const draw = (): ReadonlyArray<number> => {
    const { prompt, receiver } = ioiSentence(chooseIoi(ioiWords, rng), rng.int(2) === 0 ? "ABA" : "ABB")
    return [beginning, ...prompt.split(" "), receiver].map((word) => ids.get(word) as number)
  }
  const context_size = draw().length
  const text = yield* openSymbolContexts(output, { symbols, context_size, source: "sentences with an indirect object" })
  for (let first = 0; first < sentences; first += step) {
    const count = Math.min(step, sentences - first)
    yield* text.append(Array.from({ length: count }, draw))
    progress({ done: first + count, total: sentences, unit: "sentences" })
    yield* breathe
  }
  const { contexts } = yield* text.finish()
  return { sentences: contexts, tokens: contexts * context_size, vocabulary: text.size }
}, Effect.scoped)
