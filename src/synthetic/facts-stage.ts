/** The stage make-facts. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { openTokensWriter } from "../kinds/tokens/write-tokens.ts"
import * as Rng from "../random/rng.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import { symbolVocabulary } from "../text/symbol-vocabulary.ts"
import type { Facts } from "./facts.ts"

export const factsStage = Effect.fn("factsStage")(function* ({
  params,
  settings: { symbols, contexts },
  output
}: StageContext<{ readonly repeats: number; readonly seed: number }, unknown, {}, Facts>) {
  const vocabulary = symbolVocabulary(symbols)
  if (Result.isFailure(vocabulary)) return yield* stageFailed("the words are no vocabulary")
  const { size, json, digest } = vocabulary.success
  const context = contexts[0]?.length ?? 0
  const writer = yield* openTokensWriter(output, {
    context_size: context,
    vocab_size: size,
    bos_id: 0,
    packing: { documents: "one_per_document", separator_id: null, shuffle_seed: null },
    tokenizer: digest,
    source: "facts"
  })
  yield* output.write("tokenizer.json", json)
  const rng = Rng.make(params.seed, "order of facts")
  // Every time in another order: what a training leaves out at the end, it has seen before.
  for (let time = 0; time < params.repeats; time++) {
    const order = rng.permutation(contexts.length)
    const ids = new Int32Array(contexts.length * context)
    const documents = new Int32Array(ids.length)
    for (const [n, person] of order.entries()) {
      ids.set(contexts[person] as ReadonlyArray<number>, n * context)
      documents.fill(time * contexts.length + n, n * context, (n + 1) * context)
      documents[n * context] = -1
    }
    yield* writer.append({ ids, documents })
  }
  const written = yield* writer.finish()
  return { people: contexts.length, contexts: written.contexts }
}, Effect.scoped)
