/** The stage load-model. */
import * as Effect from "effect/Effect"
import type { ResolvedSource } from "../stage/source.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { importModel } from "./import-model.ts"

export const modelStage = Effect.fn("modelStage")(function* ({
  sources,
  params,
  output,
  log
}: StageContext<{ readonly randomize: boolean; readonly seed: number }, { readonly source: ResolvedSource }, {}>) {
  if (sources.source.licence !== undefined) log(`licence: ${sources.source.licence}`)
  const { info, parameters, warnings } = yield* importModel(
    sources.source,
    output,
    params.randomize ? params.seed : undefined
  )
  for (const warning of warnings) log(`warning: ${warning}`)
  if (params.randomize) log(`every weight is drawn anew, seed ${params.seed}: what this model computes means nothing`)
  log(`${info.architecture}, ${info.n_layers} layers of width ${info.d_model}, ${parameters} parameters`)
  return { layers: info.n_layers, d_model: info.d_model, vocab_size: info.d_vocab, parameters }
})
