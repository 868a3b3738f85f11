/** What a model says of the token that comes next. */
import * as tf from "@tensorflow/tfjs-core"
import type { KeptPrefix } from "./blocks/kept-prefix.ts"
import { type PassOptions, runModel } from "./run-model.ts"
import type { RunnableModel } from "./runnable-model.ts"
import { unembed } from "./unembed.ts"

const finalHook = "ln_final.hook_normalized"

export interface NextLogits {
  /** [1, vocabulary], the caller's. */
  readonly logits: tf.Tensor2D
  /** Of the whole context, the caller's. */
  readonly kept: KeptPrefix
}

/**
 * @param prefix what was kept of the context's first tokens; where going on from it would give another number, all is run again
 * @param replace replacements at hooks, of a pass whose first token stands at position `start`
 */
export const nextLogits = (
  model: RunnableModel,
  context: ReadonlyArray<number>,
  prefix: KeptPrefix | undefined,
  replace?: (start: number) => PassOptions["replace"]
): NextLogits => {
  const goesOn = prefix !== undefined && model.breaks(prefix.time, context.length) === undefined
  const from = goesOn ? prefix.time : 0
  const replaced = replace?.(from)
  const { activations, kept } = runModel(
    model,
    { ids: Int32Array.from(context.slice(from)), batch: 1, time: context.length - from },
    { hooks: [finalHook], keep: true, ...(goesOn && { prefix }), ...(replaced && { replace: replaced }) }
  )
  const final = activations[finalHook] as tf.Tensor
  const logits = tf.tidy(() => {
    const last = tf.slice(final, [0, context.length - from - 1, 0], [1, 1, -1])
    return unembed(model, tf.reshape(last, [1, -1]))
  })
  final.dispose()
  return { logits, kept: kept as KeptPrefix }
}
