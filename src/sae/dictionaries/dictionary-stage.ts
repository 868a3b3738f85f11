/** The stage make-dictionary: components, random directions or neurons in the form of an SAE. */
import * as Effect from "effect/Effect"
import { requireTrainingRows } from "../../activations/fit.ts"
import { residentRows } from "../../activations/row-source.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { writeSae } from "../../kinds/sae/write-sae.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { loadTrainingRows } from "../rows/load-training-rows.ts"
import { comparisonDictionary, type DictionaryOptions } from "./comparison-dictionary.ts"

export const dictionaryStage = Effect.fn("dictionaryStage")(function* ({
  inputs,
  params,
  output,
  log
}: StageContext<DictionaryOptions, unknown, { readonly activations: Opened<ActivationsHandle> }>) {
  const activations = inputs.activations.value
  yield* requireTrainingRows(activations, 2)
  const source = yield* loadTrainingRows(activations)
  const rows = residentRows(source)
  if (rows.rows < source.rows)
    log(`from ${rows.rows} rows drawn at random of ${source.rows}, which are not all in memory`)
  const weights = comparisonDictionary(rows, params)
  if (typeof weights === "string") return yield* stageFailed(weights)
  log(`${params.kind}: ${weights.d_sae} latents`)
  const { kind, seed, k } = params
  const info = {
    architecture: kind,
    k,
    hook: activations.hook,
    model: activations.model,
    activations: activations.digest,
    rows: "activations",
    training: { kind, seed }
  }
  yield* writeSae(output, { weights, info, curve: {}, metadata: { context_size: activations.context_size } })
  return { d_sae: weights.d_sae }
})
