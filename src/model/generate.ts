/** How a model goes on: at temperature 0, each token the most probable one; the tokens before it are run once. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { breathe } from "../stage/breathe.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import { tidily } from "../tensor/tidily.ts"
import type { KeptPrefix } from "./blocks/kept-prefix.ts"
import { nextLogits } from "./next-logits.ts"
import type { PassOptions } from "./run-model.ts"
import type { RunnableModel } from "./runnable-model.ts"

export interface GenerateOptions {
  /** Tokens at most; fewer where the model's context ends. */
  readonly max: number
  /** Token ids that nothing comes after. They are given, too. */
  readonly stop: ReadonlySet<number>
  /** The most probable tokens that are told in place of each one. @default 0: none */
  readonly alternatives?: number
  /** Replacements at hooks, of a pass whose first token stands at position `start`. @default none */
  readonly replace?: (start: number) => PassOptions["replace"]
  /** What was kept of the prompt's first tokens, which are then not run: not disposed. */
  readonly prefix?: KeptPrefix
}

export interface GeneratedToken {
  readonly id: number
  /** The most probable first, the token itself among them; natural logarithms. */
  readonly alternatives: ReadonlyArray<{ readonly id: number; readonly logprob: number }>
}

/** @param logits [1, vocabulary] */
const likeliest = (logits: tf.Tensor2D, count: number): GeneratedToken["alternatives"] => {
  const { values, indices } = tf.topk(logits, count)
  const [top, ids] = [values.dataSync<"float32">(), indices.dataSync<"int32">()]
  const largest = top[0] as number
  let sum = 0
  for (const logit of logits.dataSync<"float32">()) sum += Math.exp(logit - largest)
  return Array.from(ids, (id, i) => ({ id, logprob: (top[i] as number) - largest - Math.log(sum) }))
}

/** The most probable token after the context, the first of equals; and what was kept of the context. */
const step = (
  model: RunnableModel,
  context: ReadonlyArray<number>,
  prefix: KeptPrefix | undefined,
  { replace, alternatives = 0 }: GenerateOptions
): { readonly next: GeneratedToken; readonly kept: KeptPrefix } => {
  const { logits, kept } = nextLogits(model, context, prefix, replace)
  const next = tidily(() => {
    const id = tf.argMax(logits, 1).dataSync<"int32">()[0] as number
    return { id, alternatives: alternatives === 0 ? [] : likeliest(logits, alternatives) }
  })
  logits.dispose()
  return { next, kept }
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
          const { next, kept } = step(model, context, prefix ?? options.prefix, options)
          prefix?.dispose()
          prefix = kept
          context.push(next.id)
          return Effect.as(breathe, [next, options.stop.has(next.id)] as const)
        })
      )
    })
  )
