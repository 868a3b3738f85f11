/** The stage make-othello-games. */
import * as Effect from "effect/Effect"
import * as Rng from "../random/rng.ts"
import { breathe } from "../stage/breathe.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { openSymbolContexts } from "../text/symbol-contexts.ts"
import { gameMoves, moveId, othelloSymbols, randomGame } from "./othello-games.ts"

/** Games of one piece of the file. */
const step = 256

export const othelloGamesStage = Effect.fn("othelloGamesStage")(function* ({
  params: { games, seed },
  output,
  progress
}: StageContext<{ readonly games: number; readonly seed: number }, unknown, {}>) {
  const context_size = gameMoves + 1
  const text = yield* openSymbolContexts(output, { symbols: othelloSymbols, context_size, source: "othello games" })
  const rng = Rng.make(seed, "othello games")
  for (let first = 0; first < games; first += step) {
    const count = Math.min(step, games - first)
    yield* text.append(Array.from({ length: count }, () => [0, ...randomGame(rng).map(moveId)]))
    progress({ done: first + count, total: games, unit: "games" })
    yield* breathe
  }
  const { contexts } = yield* text.finish()
  return { games: contexts, tokens: contexts * context_size }
}, Effect.scoped)
