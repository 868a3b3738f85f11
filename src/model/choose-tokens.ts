/**
 * A list of choices as a model would write it: at each place the most probable of some tokens, whatever else it might have said. What
 * stands between two of them is given, and run with the choice before it: a pass a choice.
 */
import * as Effect from "effect/Effect"
import { breathe } from "../stage/breathe.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { KeptPrefix } from "./blocks/kept-prefix.ts"
import type { GeneratedToken } from "./generate.ts"
import { nextLogits } from "./next-logits.ts"
import type { RunnableModel } from "./runnable-model.ts"

export interface TokenChoices {
  readonly count: number
  /** Token ids, distinct. */
  readonly options: ReadonlyArray<number>
  /** Between two of them. */
  readonly between: ReadonlyArray<number>
}

/**
 * @param prompt up to the first choice
 * @param prefix what was kept of the prompt's first tokens: not disposed
 * @returns the choices; their alternatives are the options, the most probable first, by their probabilities among all tokens
 */
export const chooseTokens = Effect.fn("chooseTokens")(function* (
  model: RunnableModel,
  prompt: ReadonlyArray<number>,
  { count, options, between }: TokenChoices,
  prefix?: KeptPrefix
) {
  const { n_ctx } = model.info
  const most = prompt.length + count + (count - 1) * between.length
  if (most > n_ctx) {
    return yield* stageFailed(
      `a question and its answer are ${most} tokens, in a context of ${n_ctx}`,
      "Ask with shorter texts, or fewer at once."
    )
  }
  const context = [...prompt]
  const chosen: Array<GeneratedToken> = []
  let own: KeptPrefix | undefined
  yield* Effect.addFinalizer(() => Effect.sync(() => own?.dispose()))
  while (chosen.length < count) {
    const { logits, kept } = nextLogits(model, context, own ?? prefix)
    own?.dispose()
    own = kept
    const values = logits.dataSync<"float32">()
    logits.dispose()
    const largest = values.reduce((most, each) => Math.max(most, each), Number.NEGATIVE_INFINITY)
    const total = values.reduce((sum, each) => sum + Math.exp(each - largest), 0)
    const alternatives = options
      .map((id) => ({ id, logprob: (values[id] as number) - largest - Math.log(total) }))
      .toSorted((a, b) => b.logprob - a.logprob)
    const id = alternatives[0]?.id as number
    chosen.push({ id, alternatives })
    context.push(id, ...between)
    yield* breathe
  }
  return chosen
}, Effect.scoped)
