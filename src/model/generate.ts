/** How a model goes on: at temperature 0, each token the most probable one; the tokens before it are run once. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { breathe } from "../stage/breathe.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { KeptPrefix } from "./blocks/kept-prefix.ts"
import { type PassOptions, runModel } from "./run-model.ts"
import type { RunnableModel } from "./runnable-model.ts"
import { unembed } from "./unembed.ts"

export interface GenerateOptions {
  /** Tokens at most; fewer where the model's context ends. */
  readonly max: number
  /** Token ids that nothing comes after. They are given, too. */
  readonly stop: ReadonlySet<number>
  /** Replacements at hooks, of a pass whose first token stands at position `start`. @default none */
  readonly replace?: (start: number) => PassOptions["replace"]
}

const finalHook = "ln_final.hook_normalized"

/** The most probable token after the context, the first of equals; and what was kept of the context. */
const step = (
  model: RunnableModel,
  context: ReadonlyArray<number>,
  prefix: KeptPrefix | undefined,
  replace: GenerateOptions["replace"]
): { readonly next: number; readonly kept: KeptPrefix } => {
  const from = prefix?.time ?? 0
  const replaced = replace?.(from)
  const { activations, kept } = runModel(
    model,
    { ids: Int32Array.from(context.slice(from)), batch: 1, time: context.length - from },
    { hooks: [finalHook], keep: true, ...(prefix && { prefix }), ...(replaced && { replace: replaced }) }
  )
  const final = activations[finalHook] as tf.Tensor
  const next = tf.tidy(() => {
    const last = tf.slice(final, [0, context.length - from - 1, 0], [1, 1, -1])
    return tf.argMax(unembed(model, tf.reshape(last, [1, -1])), 1).dataSync<"int32">()[0] as number
  })
  final.dispose()
  return { next, kept: kept as KeptPrefix }
}

/**
 * Tokens as they are made.
 *
 * @param prompt token ids, the BOS among them where the model was trained with one
 * @returns fails with `StageFailed` where the prompt is empty or leaves no room in the model's context
 */
export const generate = (model: RunnableModel, prompt: ReadonlyArray<number>, options: GenerateOptions) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { n_ctx } = model.info
      if (prompt.length === 0) return yield* stageFailed("there is no token to go on from", "Give a prompt.")
      if (prompt.length >= n_ctx) {
        return yield* stageFailed(
          `the prompt is ${prompt.length} tokens: nothing comes after it in a context of ${n_ctx}`,
          "Shorten it."
        )
      }
      const context = [...prompt]
      const most = Math.min(prompt.length + options.max, n_ctx)
      let prefix: KeptPrefix | undefined
      yield* Effect.addFinalizer(() => Effect.sync(() => prefix?.dispose()))
      return Stream.unfold(false, (over: boolean) =>
        Effect.suspend(() => {
          if (over || context.length >= most) return Effect.succeed(undefined)
          // Where what was kept would give another number, all is run again.
          const goesOn = prefix !== undefined && model.breaks(prefix.time, context.length) === undefined
          const { next, kept } = step(model, context, goesOn ? prefix : undefined, options.replace)
          prefix?.dispose()
          prefix = kept
          context.push(next)
          return Effect.as(breathe, [next, options.stop.has(next)] as const)
        })
      )
    })
  )
