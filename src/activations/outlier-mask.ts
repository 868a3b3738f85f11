/**
 * Which tokens have no row because of their norm: attention sinks, whose activations are hundreds of times as long as
 * others. A token is left out where any hook of the mask says so, so that rows of several hooks or models stay aligned.
 */
import * as Effect from "effect/Effect"
import type { TokensHandle } from "../kinds/tokens/tokens-handle.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { ModelBody } from "../model/runnable-model.ts"
import { blockContexts, hookId, type HookOfModel, type HookValues, runHooks } from "./hook-pass.ts"

/** Contexts that medians are over, in whole blocks: thousands of rows, of which outliers are few. */
export const medianContexts = 64

const median = (values: Float32Array): number => {
  const sorted = values.toSorted()
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}

/** Median norms over tokens of a document in the first contexts, by `hookId`. */
export const medianNorms = Effect.fn("medianNorms")(function* (
  run: Parameters<typeof runHooks>[0],
  models: ReadonlyMap<string, ModelBody>,
  hooks: ReadonlyArray<HookOfModel>,
  tokens: TokensHandle
) {
  const step = blockContexts(tokens.context_size)
  const found = new Map<string, Array<number>>(hooks.map((each) => [hookId(each), []]))
  const until = Math.min(tokens.contexts, medianContexts)
  for (let first = 0; first < until; first += step) {
    const block = yield* tokens.read(first, step)
    const values = runHooks(run, models, hooks, block)
    const inside = Math.min(block.count, until - first) * tokens.context_size
    for (const [id, { norms }] of values) {
      const list = found.get(id) as Array<number>
      for (let i = 0; i < inside; i++) if ((block.documents[i] as number) >= 0) list.push(norms[i] as number)
    }
  }
  const medians = new Map<string, number>()
  for (const [id, norms] of found) {
    const middle = median(Float32Array.from(norms))
    if (!(middle > 0) || !Number.isFinite(middle)) {
      const hook = id.slice(id.indexOf(" ") + 1)
      return yield* stageFailed(
        `the median norm of ${norms.length} rows of ${hook} in the first ${until} contexts is ${middle}`,
        norms.length === 0
          ? "Give text whose first contexts hold documents."
          : middle === 0
            ? "Set outlier_factor to 0: then no token is left out for its norm."
            : "The model computes this, so its weights or its config.json are damaged: compare them with where they come from."
      )
    }
    medians.set(id, middle)
  }
  return medians
})

/** For each token of a block the largest ratio of a norm to its hook's median. */
export const normRatios = (
  values: ReadonlyMap<string, HookValues>,
  hooks: ReadonlyArray<HookOfModel>,
  medians: ReadonlyMap<string, number>,
  tokens: number
): Float32Array<ArrayBuffer> => {
  const ratios = new Float32Array(tokens)
  for (const each of hooks) {
    const { norms } = values.get(hookId(each)) as HookValues
    const middle = medians.get(hookId(each)) as number
    for (let i = 0; i < tokens; i++) {
      const ratio = (norms[i] as number) / middle
      if (ratio > (ratios[i] as number)) ratios[i] = ratio
    }
  }
  return ratios
}
