/**
 * Runs language models over all contexts of a text and writes activations in token order: of any number of hooks of any
 * number of models, each into an artifact of its own, in one pass. A block of contexts and a record batch of each are in
 * memory, whatever the number of tokens.
 */
import * as Effect from "effect/Effect"
import type { Artifact } from "../artifact/artifact.ts"
import type { RowMask } from "../kinds/activations/activations-handle.ts"
import type { TokensHandle } from "../kinds/tokens/tokens-handle.ts"
import type { ModelBody } from "../model/run-model.ts"
import { runModel } from "../model/run-model.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import { type Capture, openCapture } from "./capture-member.ts"
import { heldOutDocuments, heldOutShare } from "./held-out-documents.ts"
import { blockContexts, hookId, type HookOfModel, type HookValues, runHooks } from "./hook-pass.ts"
import { medianContexts, medianNorms } from "./outlier-mask.ts"
import { breathe } from "../stage/breathe.ts"
import { percentText } from "../words/percent-text.ts"

export type { Capture, Captured } from "./capture-member.ts"

const documentSizes = Effect.fnUntraced(function* (tokens: TokensHandle, step: number) {
  const sizes = new Float64Array(tokens.documents)
  for (let first = 0; first < tokens.contexts; first += step) {
    for (const document of (yield* tokens.read(first, step)).documents) {
      if (document >= 0) sizes[document] = (sizes[document] as number) + 1
    }
  }
  return sizes
})

const distinct = (hooks: ReadonlyArray<HookOfModel>): ReadonlyArray<HookOfModel> =>
  [...new Map(hooks.map((each) => [hookId(each), each])).values()].toSorted((a, b) => (hookId(a) < hookId(b) ? -1 : 1))

/** Rows must be numbers: what is wrong with the first that is not. */
const notFinite = (
  values: ReadonlyMap<string, HookValues>,
  documents: Int32Array,
  ids: Int32Array,
  first: number,
  time: number
): string | undefined => {
  for (const [id, { norms }] of values) {
    const at = norms.findIndex((norm, i) => !Number.isFinite(norm) && (documents[i] as number) >= 0)
    if (at < 0) continue
    const hook = id.slice(id.indexOf(" ") + 1)
    return (
      `${hook} is not finite at position ${at % time} of context ${first + Math.floor(at / time)} ` +
      `(token ${ids[at]}, document ${documents[at]})`
    )
  }
  return undefined
}

/**
 * Needs a scope, which closes the files. Results are in the order of the captures, and their bytes are those that each
 * has when it is captured by itself.
 *
 * @param models by the digest of their artifact: all that captures and their masks name
 */
export const captureActivations = Effect.fn("captureActivations")(function* (
  models: ReadonlyMap<string, ModelBody>,
  { value: tokens, artifact }: { readonly value: TokensHandle; readonly artifact: Artifact },
  captures: ReadonlyArray<Capture>
) {
  const time = tokens.context_size
  const step = blockContexts(time)
  const names = yield* tokens.documentNames
  const sizes = yield* documentSizes(tokens, 64 * step)
  if (sizes.every((count) => count === 0)) {
    return yield* stageFailed("no token of the text belongs to a document: there are no rows", "Give more text.")
  }
  const masking = captures.filter(({ outlier_factor: factor }) => factor !== null)
  const medians = yield* medianNorms(runModel, models, distinct(masking.flatMap(({ mask }) => mask)), tokens)

  const members = yield* Effect.forEach(captures, (capture) => {
    const { held_out_fraction, seed, outlier_factor } = capture
    const mask: RowMask = {
      drop_bos: tokens.bos_id !== null || tokens.packing.separator_id !== null,
      outlier_factor,
      median_contexts: Math.min(medianContexts, tokens.contexts),
      hooks:
        outlier_factor === null
          ? []
          : distinct(capture.mask).map((each) => ({ ...each, median_norm: medians.get(hookId(each)) as number }))
    }
    const split = heldOutDocuments(sizes, names, held_out_fraction, seed, tokens.contexts)
    const share = heldOutShare(split, sizes, tokens.contexts)
    if (!(share <= 2 * held_out_fraction && share >= held_out_fraction / 2)) {
      capture.log(
        `${percentText(share)} of the tokens are held out, ${percentText(held_out_fraction)} were asked for: the text has few documents and contexts`
      )
    }
    const info = { context_size: time, mask, split: { ...split, held_out_fraction, seed } }
    return openCapture(capture, artifact, info, medians)
  })

  // Members may go on from different places: those ahead wait until the others have come to where they are.
  for (let first = Math.min(...members.map(({ next }) => next())); first < tokens.contexts; first += step) {
    const here = members.flatMap((member, i) =>
      member.next() === first ? [{ member, capture: captures[i] as Capture }] : []
    )
    const block = yield* tokens.read(first, step)
    const values = runHooks(runModel, models, distinct(here.flatMap(({ member }) => member.needs(first))), block)
    const wrong = notFinite(values, block.documents, block.ids, first, time)
    if (wrong !== undefined) return yield* stageFailed(wrong, "Check the model's weights.")
    for (const { member, capture } of here) {
      yield* member.take(block, values)
      capture.progress({ done: (first + block.count) * time, total: tokens.contexts * time, unit: "tokens" })
      if (capture.checkpoint?.due() === true) yield* member.save
    }
    yield* breathe
  }
  return yield* Effect.forEach(members, ({ finish }) => finish)
})
