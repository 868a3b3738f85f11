/** The stage edit-with-meta-latents: a part of a latent taken out or exchanged, beside the whole latent and a random direction. */
import * as Effect from "effect/Effect"
import { requireHeldOut, requireModelOf, requireReads } from "../../activations/fit.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import { type MetaEdit, metaEditsFileName, type MetaEditsFile } from "../../kinds/meta-edits.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { openModel } from "../../model/open-model.ts"
import { randomUnitRows } from "../../random/random-unit-rows.ts"
import { evaluationContexts } from "../../sae/evaluate/evaluation-contexts.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import { breathe } from "../../stage/breathe.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated, type Estimate, type Unmeasured } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { unitRows } from "../decoder-cosine.ts"
import { encodeLatents } from "../latent-codes.ts"
import { type ChosenEdit, chooseEdits } from "./choose-edits.ts"
import { collectFirings, type Firing } from "./collect-firings.ts"
import { chooseTarget, editEffect, logitChanges } from "./edit-effect.ts"
import { editFigure, type EditFigureName } from "./edit-figures.ts"
import { editedLogits } from "./edited-logits.ts"
import { requireMetaOf } from "./require-meta-of.ts"

interface EditParams {
  readonly latents: number
  readonly examples: number
  readonly contexts: number
  readonly dense_above: number
  readonly seed: number
}

interface EditInputs {
  readonly sae: Opened<SaeHandle>
  readonly meta: Opened<SaeHandle>
  readonly activations: Opened<ActivationsHandle>
  readonly model: Opened<LanguageModelHandle>
}

/** `count` of the firings, evenly spread; those at even places come first: targets are chosen on them. */
const spread = (firings: ReadonlyArray<Firing>, count: number): ReadonlyArray<Firing> => {
  const taken = Array.from({ length: count }, (_, i) => firings[Math.floor((i * firings.length) / count)]!)
  return [...taken.filter((_, i) => i % 2 === 0), ...taken.filter((_, i) => i % 2 === 1)]
}

/** What an edit adds for a unit of the latent's activation; all are of length `d`. */
const directionsOf = (
  { latent, out, swap }: ChosenEdit,
  W: { readonly sae: Float32Array; readonly meta: Float32Array },
  d: number,
  seed: number
) => {
  const row = (from: Float32Array, n: number) => Float64Array.from(from.subarray(n * d, (n + 1) * d))
  const own = row(W.sae, latent)
  const norm = Math.hypot(...own)
  const part = (id: number, activation: number) => row(W.meta, id).map((w) => norm * activation * w)
  const removed = part(out.id, out.activation)
  /** A random direction of the same length. */
  const noise = (like: Float64Array, n: number) => {
    const length = Math.hypot(...like)
    return Float64Array.from(randomUnitRows(1, d, seed + 2 * latent + n), (w) => length * w)
  }
  const without = [removed.map((w) => -w), own.map((w) => -w), noise(removed, 0)]
  if (swap === undefined) return without
  const put = part(swap.in.id, swap.in.activation)
  const swapped = put.map((w, i) => w - removed[i]!)
  const other = row(W.sae, swap.latent)
  return [...without, swapped, other.map((w, i) => w - own[i]!), noise(swapped, 1)]
}

export const editStage = Effect.fn("editStage")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<EditParams, unknown, EditInputs>) {
  const [sae, meta, activations] = [inputs.sae.value, inputs.meta.value, inputs.activations.value]
  yield* requireReads(sae, activations)
  yield* requireModelOf(activations, inputs.model.value)
  yield* requireHeldOut(activations)
  yield* requireMetaOf(inputs.meta, inputs.sae)
  const { hook } = activations
  const weights = yield* sae.weights
  const metaWeights = yield* meta.weights
  const d = sae.d_in
  const codes = encodeLatents(unitRows(weights.W_dec, d), yield* openSaeModel(metaWeights))
  const { contexts } = yield* evaluationContexts(activations, params.contexts)
  if (contexts.length === 0)
    return yield* stageFailed("no held-out context has a token to predict", "Capture more text.")
  const model = yield* openModel(inputs.model.value)
  const tokenizer = yield* openTokenizer(inputs.model.value.tokenizer)
  const total = contexts.length + params.latents
  const { firings, rows } = yield* collectFirings(model, yield* openSaeModel(weights), hook, contexts, (done) =>
    progress({ done, total, unit: "edits" })
  )
  const needed = 2 * params.examples
  const chosen = chooseEdits(
    codes,
    firings.map(({ length }) => length),
    (count) => count >= needed && count <= params.dense_above * rows,
    params.latents,
    params.seed
  )
  if (chosen.length === 0) {
    return yield* stageFailed(
      `no latent has two meta-latents and fires on at least ${needed} of ${rows} held-out tokens, on at most ${params.dense_above * 100} % of them`,
      "Raise contexts, or lower examples."
    )
  }
  const vocabulary = model.info.d_vocab
  const edits: Array<MetaEdit> = []
  for (const edit of chosen) {
    const { latent, out, swap } = edit
    const examples = spread(firings[latent]!, needed)
    const directions = directionsOf(edit, { sae: weights.W_dec, meta: metaWeights.W_dec }, d, params.seed)
    const { clean, edited } = editedLogits(model, hook, contexts, examples, directions)
    const target = (n: number, sign: 1 | -1) =>
      chooseTarget(logitChanges(clean, edited[n]!, vocabulary), vocabulary, sign)
    const effect = (n: number, on: number) => editEffect(clean, edited[n]!, vocabulary, on)
    const named = (id: number) => ({ id, text: tokenizer.tokenText(id) })
    const falls = target(0, -1)
    const rises = swap === undefined ? 0 : target(3, 1)
    edits.push({
      latent,
      firings: firings[latent]!.length,
      out,
      target: named(falls),
      removed: effect(0, falls),
      ablated: effect(1, falls),
      random: effect(2, falls),
      swap:
        swap === undefined
          ? null
          : {
              ...swap,
              target: named(rises),
              swapped: effect(3, rises),
              replaced: effect(4, rises),
              random: effect(5, rises)
            }
    })
    progress({ done: contexts.length + edits.length, total, unit: "edits" })
    yield* breathe
  }
  const file: MetaEditsFile = {
    format: 1,
    sae: sae.digest,
    meta: meta.digest,
    model: inputs.model.value.digest,
    hook,
    examples: params.examples,
    edits
  }
  yield* output.writeJson(metaEditsFileName, file)
  const swaps = edits.flatMap(({ swap }) => (swap === null ? [] : [swap]))
  const told = (name: EditFigureName): number | Estimate | Unmeasured => {
    const figure = editFigure(edits, name)
    if (figure !== undefined) return estimated(figure.value, figure.interval)
    const swapped = /swap|replaced/.test(name)
    return {
      unmeasured: swapped ? "no other latent shares a meta-latent with one that is edited" : "no latent is edited"
    }
  }
  const metrics = {
    target_shift: told("target_shift"),
    random_target_shift: told("random_target_shift"),
    selectivity: told("selectivity"),
    ablated_selectivity: told("ablated_selectivity"),
    random_selectivity: told("random_selectivity"),
    kl: told("kl"),
    ablated_kl: told("ablated_kl"),
    swap_shift: told("swap_shift"),
    swap_selectivity: told("swap_selectivity"),
    replaced_selectivity: told("replaced_selectivity"),
    random_swap_selectivity: told("random_swap_selectivity"),
    edits: edits.length,
    swaps: swaps.length
  }
  log(`${edits.length} latents edited, ${swaps.length} of them by a swap as well`)
  return metrics
}, Effect.scoped)
