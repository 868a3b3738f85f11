/** The stage import-sae. */
import * as Effect from "effect/Effect"
import type { ResolvedSource } from "../../stage/source.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { type ImportOptions, importSae } from "./import-sae.ts"

interface ImportParams extends Omit<ImportOptions, "format"> {
  /** `auto`: told by the files. */
  readonly format: string
}

export const importStage = Effect.fn("importStage")(function* ({
  sources,
  params,
  output,
  log
}: StageContext<ImportParams, { readonly source: ResolvedSource }, {}>) {
  const options = { format: params.format === "auto" ? null : params.format, hook: params.hook, k: params.k }
  const { format, sae, info } = yield* importSae(sources.source, options, output)
  log(`${format}: ${info.architecture}, ${sae.d_in} to ${sae.d_sae}, at ${info.hook ?? "an unknown hook"}`)
  if (sae.dtype === "float64") log("its float64 numbers were rounded to float32")
  return { d_in: sae.d_in, d_sae: sae.d_sae }
})
