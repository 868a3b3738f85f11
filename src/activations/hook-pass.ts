/**
 * Forward passes over a text in blocks of whole contexts. The blocks are the same for everybody who runs a text, so that
 * rows have the same bits whoever computes them.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { ContextBlock } from "../kinds/tokens/tokens-handle.ts"
import type { runModel } from "../model/run-model.ts"
import type { ModelBody } from "../model/runnable-model.ts"
import { normsOfRows } from "../numeric/row-norms.ts"

/** Tokens of one forward pass: enough for the matrix products, little in memory. */
const tokensPerPass = 2048

/** Contexts of a block; block i begins at context `i * blockContexts(context_size)`. */
export const blockContexts = (contextSize: number): number => Math.max(1, Math.floor(tokensPerPass / contextSize))

/** A hook of a model, by the digest of its LanguageModel artifact. */
export interface HookOfModel {
  readonly model: string
  readonly hook: string
}

export interface HookValues {
  /** [count * time, width] */
  readonly values: Float32Array
  readonly norms: Float32Array<ArrayBuffer>
}

export const hookId = ({ model, hook }: HookOfModel): string => `${model} ${hook}`

type RunModel = typeof runModel

/** Values at all of `hooks` over the contexts, by `hookId`: one pass of each model, up to the last hook of it. */
export const runHooks = (
  run: RunModel,
  models: ReadonlyMap<string, ModelBody>,
  hooks: ReadonlyArray<HookOfModel>,
  { ids, count }: Pick<ContextBlock, "ids" | "count">
): ReadonlyMap<string, HookValues> => {
  const found = new Map<string, HookValues>()
  const time = ids.length / count
  for (const [digest, model] of models) {
    const names = [...new Set(hooks.flatMap((each) => (each.model === digest ? [each.hook] : [])))]
    if (names.length === 0) continue
    const { activations } = run(model, { ids, batch: count, time }, { hooks: names })
    for (const hook of names) {
      const tensor = activations[hook] as tf.Tensor
      const values = tensor.dataSync<"float32">()
      tensor.dispose()
      const width = values.length / ids.length
      found.set(hookId({ model: digest, hook }), { values, norms: normsOfRows(values, width) })
    }
  }
  return found
}
