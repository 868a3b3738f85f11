/** The stage make-othello-games. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { openTokensWriter } from "../kinds/tokens/write-tokens.ts"
import * as Rng from "../random/rng.ts"
import { breathe } from "../stage/breathe.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import { symbolVocabulary } from "../text/symbol-vocabulary.ts"
import { gameMoves, moveId, othelloSymbols, randomGame } from "./othello-games.ts"

/** Games of one piece of the file. */
const step = 256

export const othelloGamesStage = Effect.fn("othelloGamesStage")(function* ({
  params: { games, seed },
  output,
  progress
}: StageContext<{ readonly games: number; readonly seed: number }, unknown, {}>) {
  const vocabulary = symbolVocabulary(othelloSymbols)
  if (Result.isFailure(vocabulary)) return yield* stageFailed("the names of the squares are no vocabulary")
  const { size, json, digest } = vocabulary.success
  const context = gameMoves + 1
  const writer = yield* openTokensWriter(output, {
    context_size: context,
    vocab_size: size,
    bos_id: 0,
    packing: { documents: "one_per_document", separator_id: null, shuffle_seed: null },
    tokenizer: digest,
    source: "othello games"
  })
  yield* output.write("tokenizer.json", json)
  const rng = Rng.make(seed, "othello games")
  for (let first = 0; first < games; first += step) {
    const count = Math.min(step, games - first)
    const ids = new Int32Array(count * context)
    const documents = new Int32Array(count * context)
    for (let game = 0; game < count; game++) {
      const at = game * context
      documents[at] = -1
      documents.fill(first + game, at + 1, at + context)
      for (const [n, square] of randomGame(rng).entries()) ids[at + 1 + n] = moveId(square)
    }
    yield* writer.append({ ids, documents })
    progress({ done: first + count, total: games, unit: "games" })
    yield* breathe
  }
  const { contexts } = yield* writer.finish()
  return { games: contexts, tokens: contexts * context }
}, Effect.scoped)
