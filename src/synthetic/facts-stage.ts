/** The stage make-facts. */
import * as Effect from "effect/Effect"
import * as Rng from "../random/rng.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { openSymbolContexts } from "../text/symbol-contexts.ts"
import type { Facts } from "./facts.ts"

export const factsStage = Effect.fn("factsStage")(function* ({
  params,
  settings: { symbols, contexts },
  output
}: StageContext<{ readonly repeats: number; readonly seed: number }, unknown, {}, Facts>) {
  const text = yield* openSymbolContexts(output, { symbols, context_size: contexts[0]?.length ?? 0, source: "facts" })
  const rng = Rng.make(params.seed, "order of facts")
  // Every time in another order: what a training leaves out at the end, it has seen before.
  for (let time = 0; time < params.repeats; time++) {
    const order = rng.permutation(contexts.length)
    yield* text.append(Array.from(order, (person) => contexts[person] as ReadonlyArray<number>))
  }
  const written = yield* text.finish()
  return { people: contexts.length, contexts: written.contexts }
}, Effect.scoped)
