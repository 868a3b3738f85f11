/** How far activations that are computed with less precision are from those in f32, on the first contexts of the text. */
import * as Effect from "effect/Effect"
import type { TokensHandle } from "../kinds/tokens/tokens-handle.ts"
import { runModel } from "../model/run-model.ts"
import type { ModelBody } from "../model/runnable-model.ts"
import { blockContexts, hookId, type HookOfModel, type HookValues, runHooks } from "./hook-pass.ts"

/** Values of the first block of contexts, by hook. */
export const firstValues = Effect.fnUntraced(function* (
  models: ReadonlyMap<string, ModelBody>,
  hooks: ReadonlyArray<HookOfModel>,
  tokens: TokensHandle
) {
  const block = yield* tokens.read(0, blockContexts(tokens.context_size))
  return { values: runHooks(runModel, models, hooks, block), documents: block.documents }
})

export type FirstValues = Effect.Success<ReturnType<typeof firstValues>>

/** sqrt(mean |x' - x|^2 / |x|^2) over tokens of documents; 0 where there are none. */
export const relativeDifference = (exact: FirstValues, rounded: FirstValues, hook: HookOfModel): number => {
  const [x, y] = [exact, rounded].map(({ values }) => values.get(hookId(hook)) as HookValues) as [
    HookValues,
    HookValues
  ]
  const { documents } = exact
  const width = x.values.length / documents.length
  let sum = 0
  let tokens = 0
  for (const [i, document] of documents.entries()) {
    const norm = x.norms[i] as number
    if (document < 0 || norm === 0) continue
    let square = 0
    for (let at = i * width; at < (i + 1) * width; at++)
      square += ((y.values[at] as number) - (x.values[at] as number)) ** 2
    sum += square / norm ** 2
    tokens += 1
  }
  return tokens === 0 ? 0 : Math.sqrt(sum / tokens)
}
