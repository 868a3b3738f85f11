/** The stage make-ioi-sentences. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { openTokensWriter } from "../../kinds/tokens/write-tokens.ts"
import * as Rng from "../../random/rng.ts"
import { breathe } from "../../stage/breathe.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { symbolVocabulary } from "../symbol-vocabulary.ts"
import { chooseIoi, ioiSentence, ioiSymbols, ioiWords } from "./ioi-sentences.ts"

/** Sentences of one piece of the file. */
const step = 1024

const beginning = "<start>"

export const ioiSentencesStage = Effect.fn("ioiSentencesStage")(function* ({
  params: { sentences, seed },
  output,
  progress
}: StageContext<{ readonly sentences: number; readonly seed: number }, unknown, {}>) {
  const vocabulary = symbolVocabulary([beginning, ...ioiSymbols(ioiWords)])
  if (Result.isFailure(vocabulary)) return yield* stageFailed("the words of the sentences are no vocabulary")
  const { size, id, json, digest } = vocabulary.success
  const rng = Rng.make(seed, "sentences with an indirect object")
  const draw = (): ReadonlyArray<number> => {
    const { prompt, receiver } = ioiSentence(chooseIoi(ioiWords, rng), rng.int(2) === 0 ? "ABA" : "ABB")
    return [beginning, ...prompt.split(" "), receiver].map((word) => id(word) as number)
  }
  const context = draw().length
  const writer = yield* openTokensWriter(output, {
    context_size: context,
    vocab_size: size,
    bos_id: 0,
    packing: { documents: "one_per_document", separator_id: null, shuffle_seed: null },
    tokenizer: digest,
    source: "sentences with an indirect object"
  })
  yield* output.write("tokenizer.json", json)
  for (let first = 0; first < sentences; first += step) {
    const count = Math.min(step, sentences - first)
    const ids = new Int32Array(count * context)
    const documents = new Int32Array(count * context)
    for (let n = 0; n < count; n++) {
      ids.set(draw(), n * context)
      documents.fill(first + n, n * context + 1, (n + 1) * context)
      documents[n * context] = -1
    }
    yield* writer.append({ ids, documents })
    progress({ done: first + count, total: sentences, unit: "sentences" })
    yield* breathe
  }
  const { contexts } = yield* writer.finish()
  return { sentences: contexts, tokens: contexts * context, vocabulary: size }
}, Effect.scoped)
