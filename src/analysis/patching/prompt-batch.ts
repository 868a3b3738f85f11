/** Pairs of prompts as tokens of one model, and how it answers them. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type { PromptPair } from "../../kinds/prompt-pairs.ts"
import type { PassOptions, RunnableModel, TokenBatch } from "../../model/run-model.ts"
import { runModel } from "../../model/run-model.ts"
import { unembed } from "../../model/unembed.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import type { TextTokenizer } from "../../text/tokenizer.ts"

export const lastHook = "ln_final.hook_normalized"

/** Some pairs, all of one length. */
export interface PromptBatch {
  readonly clean: TokenBatch
  readonly corrupted: TokenBatch
  /** Of each pair. */
  readonly correct: Int32Array
  readonly wrong: Int32Array
}

/** Tokens of one pass. */
const tokensPerPass = 2048

/** How a token reads, of the first prompt: names of positions. */
export interface Prompts {
  readonly batches: ReadonlyArray<PromptBatch>
  readonly pairs: number
  readonly time: number
  readonly labels: ReadonlyArray<string>
}

/**
 * Prompts with the BOS that the model wants before them, if any. Fails where prompts are of different lengths, too long, or all of a
 * pair the same, and where an answer is no single token.
 */
export const readPrompts = Effect.fnUntraced(function* (
  pairs: ReadonlyArray<PromptPair>,
  tokenizer: TextTokenizer,
  { n_ctx, bos }: { readonly n_ctx: number; readonly bos: number | undefined }
) {
  const encode = (text: string): ReadonlyArray<number> => [
    ...(bos === undefined ? [] : [bos]),
    ...tokenizer.encode(text)
  ]
  const read = pairs.map((pair) => ({
    clean: encode(pair.clean),
    corrupted: encode(pair.corrupted),
    correct: tokenizer.encode(pair.correct),
    wrong: tokenizer.encode(pair.wrong)
  }))
  const time = read[0]?.clean.length ?? 0
  for (const [i, { clean, corrupted, correct, wrong }] of read.entries()) {
    const shown = JSON.stringify(pairs[i]!.clean)
    if (clean.length !== time || corrupted.length !== time) {
      return yield* stageFailed(
        `prompts are of one length: pair ${i}, ${shown}, is ${clean.length} and ${corrupted.length} tokens, the first one ${time}`,
        "Make the prompts for this model."
      )
    }
    for (const [name, answer] of [
      ["correct", correct],
      ["wrong", wrong]
    ] as const) {
      if (answer.length === 1) continue
      return yield* stageFailed(
        `the ${name} answer of pair ${i}, ${JSON.stringify(pairs[i]![name])}, is ${answer.length} tokens of this model, not one`,
        "Make the prompts for this model."
      )
    }
    if (correct[0] === wrong[0] || clean.every((id, p) => id === corrupted[p])) {
      return yield* stageFailed(`pair ${i}, ${shown}, does not differ`, "Give pairs that differ in prompt and answer.")
    }
  }
  if (time === 0 || time > n_ctx) {
    return yield* stageFailed(`prompts are ${time} tokens long; the model takes 1 to ${n_ctx}`, "Give others.")
  }
  const step = Math.max(1, Math.floor(tokensPerPass / time))
  const batches: Array<PromptBatch> = []
  for (let first = 0; first < read.length; first += step) {
    const part = read.slice(first, first + step)
    const tokens = (which: "clean" | "corrupted"): TokenBatch => ({
      ids: Int32Array.from(part.flatMap((pair) => pair[which])),
      batch: part.length,
      time
    })
    batches.push({
      clean: tokens("clean"),
      corrupted: tokens("corrupted"),
      correct: Int32Array.from(part, ({ correct }) => correct[0]!),
      wrong: Int32Array.from(part, ({ wrong }) => wrong[0]!)
    })
  }
  const labels = (read[0]?.clean ?? []).map((id) => tokenizer.tokenText(id))
  const prompts: Prompts = { batches, pairs: pairs.length, time, labels }
  return prompts
})

/** Of the last position of each text, [batch, d_model], from what `lastHook` gives. Call in a tidy. */
const lastRows = (normalized: tf.Tensor): tf.Tensor2D => {
  const [batch, time, d] = normalized.shape as [number, number, number]
  return tf.reshape(tf.slice(normalized, [0, time - 1, 0], [batch, 1, d]), [batch, d])
}

/** Logits of the last position of each text, [batch, vocabulary]. Call in a tidy. */
export const lastLogits = (
  model: RunnableModel,
  tokens: TokenBatch,
  replace: NonNullable<PassOptions["replace"]> = {}
): tf.Tensor2D => {
  const { activations } = runModel(model, tokens, { hooks: [lastHook], replace })
  const logits = unembed(model, lastRows(activations[lastHook]!))
  tf.dispose(activations)
  return logits
}

/** Logit of one token less that of another, of each text. */
export const logitDifferences = (
  logits: tf.Tensor2D,
  { correct, wrong }: Pick<PromptBatch, "correct" | "wrong">
): ReadonlyArray<number> => {
  const values = logits.dataSync<"float32">()
  const vocabulary = logits.shape[1]
  return Array.from(correct, (token, n) => values[n * vocabulary + token]! - values[n * vocabulary + wrong[n]!]!)
}
