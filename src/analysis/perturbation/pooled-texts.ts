/** Texts as the mean over their tokens: of a hook's activation, and of what dictionaries make of it. */
import * as Effect from "effect/Effect"
import { blockContexts } from "../../activations/hook-pass.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { TokensHandle } from "../../kinds/tokens/tokens-handle.ts"
import { type RunnableModel, runModel } from "../../model/run-model.ts"
import type { SaeModel } from "../../sae/sae-model.ts"
import { breathe } from "../../stage/breathe.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { encodeLatents } from "../latent-codes.ts"

/** Mean activations of the latents that fire in each text, in compressed rows. */
export interface PooledCodes {
  readonly d_sae: number
  /** [texts + 1] */
  readonly offsets: ReadonlyArray<number>
  readonly latents: ReadonlyArray<number>
  readonly values: ReadonlyArray<number>
}

export interface PooledTexts {
  readonly count: number
  /** Document of each text. */
  readonly documents: ReadonlyArray<number>
  /** By hook: [count, width] */
  readonly rows: Readonly<Record<string, Float64Array>>
  /** Of each reader. */
  readonly codes: ReadonlyArray<PooledCodes>
}

/** A dictionary, and the hook that it reads. */
export interface Reader {
  readonly hook: string
  readonly sae: SaeModel
}

/** The document of a context, whose other ids (BOS, separators) are of none; undefined where it holds several. */
const onlyDocument = (documents: Int32Array): number | undefined => {
  const found = new Set(documents)
  found.delete(-1)
  return found.size === 1 ? [...found][0] : undefined
}

/** Means over the rows of each text. @param lengths rows of each text, which stand one after the other */
export const poolRows = (rows: Float32Array, width: number, lengths: ReadonlyArray<number>): Float64Array => {
  const means = new Float64Array(lengths.length * width)
  let row = 0
  for (const [text, length] of lengths.entries()) {
    for (const end = row + length; row < end; row++) {
      for (let i = 0; i < width; i++) means[text * width + i]! += rows[row * width + i]! / length
    }
  }
  return means
}

/** Appends to what `into` has. */
export const poolCodes = (
  into: { readonly offsets: Array<number>; readonly latents: Array<number>; readonly values: Array<number> },
  rows: Float32Array,
  sae: SaeModel,
  lengths: ReadonlyArray<number>
): void => {
  const { offsets, latents, values } = encodeLatents(rows, sae)
  let row = 0
  for (const length of lengths) {
    const sums = new Map<number, number>()
    for (let i = offsets[row]!; i < offsets[row + length]!; i++) {
      sums.set(latents[i]!, (sums.get(latents[i]!) ?? 0) + values[i]!)
    }
    row += length
    for (const [latent, sum] of sums) {
      into.latents.push(latent)
      into.values.push(sum / length)
    }
    into.offsets.push(into.latents.length)
  }
}

/**
 * Contexts that hold one document each, of `most` that are spread over the text. Memory grows with the texts, not with their tokens.
 *
 * @param name what the texts are called in messages
 */
export const poolTexts = Effect.fn("poolTexts")(function* (
  model: RunnableModel,
  handle: LanguageModelHandle,
  tokens: TokensHandle,
  name: string,
  readers: ReadonlyArray<Reader>,
  most: number,
  onTexts: (count: number) => void
) {
  const { contexts, context_size: time } = tokens
  if (tokens.tokenizer !== handle.tokenizerDigest) {
    return yield* stageFailed(
      `${name} was tokenized with another tokenizer than the model's`,
      "Load it with this model."
    )
  }
  if (time > model.info.n_ctx) {
    return yield* stageFailed(
      `${name} has contexts of ${time} tokens, the model takes ${model.info.n_ctx}`,
      "Shorten them."
    )
  }
  const hooks = [...new Set(readers.map(({ hook }) => hook))]
  const documents: Array<number> = []
  const parts: Record<string, Array<Float64Array>> = Object.fromEntries(hooks.map((hook) => [hook, []]))
  const codes = readers.map(({ sae }) => ({
    d_sae: sae.d_sae,
    offsets: [0],
    latents: Array<number>(),
    values: Array<number>()
  }))
  const step = blockContexts(time)
  const share = Math.min(1, most / contexts)
  const isChosen = (context: number): boolean => Math.floor((context + 1) * share) > Math.floor(context * share)
  for (let first = 0; first < contexts; first += step) {
    const block = yield* tokens.read(first, step)
    const texts = Array.from({ length: block.count }, (_, c) => {
      const of = block.documents.subarray(c * time, (c + 1) * time)
      const document = isChosen(first + c) ? onlyDocument(of) : undefined
      return { ids: block.ids.subarray(c * time, (c + 1) * time), of, document }
    }).filter(({ document }) => document !== undefined)
    if (texts.length === 0) continue
    const ids = new Int32Array(texts.length * time)
    for (const [n, text] of texts.entries()) ids.set(text.ids, n * time)
    const lengths = texts.map(({ of }) => of.reduce((sum, document) => sum + (document < 0 ? 0 : 1), 0))
    const { activations } = runModel(model, { ids, batch: texts.length, time }, { hooks })
    for (const hook of hooks) {
      const tensor = activations[hook]!
      const all = tensor.dataSync<"float32">()
      tensor.dispose()
      const width = all.length / ids.length
      const rows = new Float32Array(lengths.reduce((sum, length) => sum + length, 0) * width)
      let row = 0
      for (const [n, { of }] of texts.entries()) {
        for (const [place, document] of of.entries()) {
          const at = (n * time + place) * width
          if (document >= 0) rows.set(all.subarray(at, at + width), row++ * width)
        }
      }
      parts[hook]!.push(poolRows(rows, width, lengths))
      for (const [r, reader] of readers.entries()) {
        if (reader.hook === hook) poolCodes(codes[r]!, rows, reader.sae, lengths)
      }
    }
    documents.push(...texts.map(({ document }) => document!))
    onTexts(texts.length)
    yield* breathe
  }
  const joined = (of: ReadonlyArray<Float64Array>): Float64Array => {
    const all = new Float64Array(of.reduce((sum, part) => sum + part.length, 0))
    let at = 0
    for (const part of of) {
      all.set(part, at)
      at += part.length
    }
    return all
  }
  const pooled: PooledTexts = {
    count: documents.length,
    documents,
    rows: Object.fromEntries(hooks.map((hook) => [hook, joined(parts[hook]!)])),
    codes
  }
  return pooled
})
