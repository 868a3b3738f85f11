/**
 * Runs a language model over all contexts of a text and writes the activations of one hook, in token order. A batch of
 * contexts and a record batch are in memory, whatever the number of tokens.
 */
import type * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type { ActivationsInfo } from "../artifact/activations.ts"
import type { ArtifactWriter } from "../artifact/artifact.ts"
import type { TokensHandle } from "../artifact/tokens.ts"
import { openActivationsWriter } from "../artifact/write-activations.ts"
import { openTokensWriter } from "../artifact/write-tokens.ts"
import { type RunnableModel, runModel } from "../model/run-model.ts"
import type { Progress } from "../stage/stage.ts"
import { heldOutDocuments, isHeldOut } from "./held-out-documents.ts"

/** Tokens of one forward pass: enough for the matrix products, little in memory. */
const tokensPerPass = 2048

export interface CaptureOptions {
  readonly hook: string
  /** Width of the hook: its values per token. */
  readonly d_in: number
  /** Digest of the LanguageModel artifact. */
  readonly model: string
  readonly held_out_fraction: number
  readonly seed: number
  readonly progress: (progress: Progress) => void
}

export interface Captured {
  readonly train: number
  readonly held_out: number
  /** sqrt(mean |x|^2) over all rows. */
  readonly mean_norm: number
  /** Tokens left out by the mask. */
  readonly masked: number
}

const documentSizes = Effect.fnUntraced(function* (tokens: TokensHandle, step: number) {
  const sizes = new Float64Array(tokens.documents)
  for (let first = 0; first < tokens.contexts; first += step) {
    for (const document of (yield* tokens.read(first, step)).documents) {
      if (document >= 0) sizes[document] = (sizes[document] as number) + 1
    }
  }
  return sizes
})

/** Needs a scope, which closes the files. */
export const captureActivations = Effect.fn("captureActivations")(function* (
  model: RunnableModel,
  tokens: TokensHandle,
  output: ArtifactWriter,
  options: CaptureOptions
) {
  const { hook, d_in } = options
  const time = tokens.context_size
  const step = Math.max(1, Math.floor(tokensPerPass / time))
  const names = yield* tokens.documentNames
  const sizes = yield* documentSizes(tokens, 64 * step)
  const split = heldOutDocuments(sizes, names, options.held_out_fraction, options.seed, tokens.contexts)
  const heldOut = isHeldOut(split)
  const info: ActivationsInfo = {
    hook,
    d_in,
    model: options.model,
    tokens: tokens.digest,
    context_size: time,
    mask: { drop_bos: tokens.bos_id !== null || tokens.packing.separator_id !== null },
    split: { ...split, held_out_fraction: options.held_out_fraction, seed: options.seed }
  }
  const writer = yield* openActivationsWriter(output, info)
  const contexts = yield* openTokensWriter(output, {
    context_size: time,
    vocab_size: tokens.vocab_size,
    bos_id: tokens.bos_id,
    packing: tokens.packing,
    tokenizer: tokens.tokenizer,
    source: tokens.source
  })
  let square = 0
  let masked = 0
  for (let first = 0; first < tokens.contexts; first += step) {
    const block = yield* tokens.read(first, step)
    yield* contexts.append(block)
    const { activations } = runModel(model, { ids: block.ids, batch: block.count, time }, { hooks: [hook] })
    const activation = activations[hook] as tf.Tensor
    const values = activation.dataSync<"float32">()
    activation.dispose()
    for (let i = 0; i < block.ids.length; i++) {
      const document = block.documents[i] as number
      if (document < 0) {
        masked += 1
        continue
      }
      const row = values.subarray(i * d_in, (i + 1) * d_in)
      for (const x of row) square += x * x
      const position = first * time + i
      const set = heldOut(document, Math.floor(position / time)) ? writer.held_out : writer.train
      if (set.add(row, { document, position, token: block.ids[i] as number })) yield* set.flush
    }
    options.progress({ done: (first + block.count) * time, total: tokens.contexts * time, unit: "tokens" })
    yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
  }
  yield* contexts.finish(names)
  const rows = yield* writer.finish
  const captured: Captured = {
    ...rows,
    mean_norm: Math.sqrt(square / Math.max(1, rows.train + rows.held_out)),
    masked
  }
  return captured
})
