/** The stage grow-sae: an SAE with new latents, to be trained on. */
import * as Effect from "effect/Effect"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { writeStoredSae } from "../../kinds/sae/write-sae.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { grownSae, type Growth } from "./grow-sae.ts"
import type { GrownInfo } from "./grown-info.ts"

export const growStage = Effect.fn("growStage")(function* ({
  inputs,
  params,
  output,
  log
}: StageContext<Growth, unknown, { readonly sae: Opened<SaeHandle> }>) {
  const sae = inputs.sae.value
  if (sae.rows === "concatenated") {
    return yield* stageFailed("a crosscoder cannot be grown", "Give an SAE of train-sae or train-transcoder.")
  }
  const tied = sae.training?.["tied"] === true
  if (tied && params.encoder_norm !== 1) log("its encoder is its decoder: new latents' encoder rows have norm 1, too")
  const growth = { ...params, encoder_norm: tied ? 1 : params.encoder_norm }
  const grown = grownSae(yield* sae.stored, growth)
  if (typeof grown === "string") {
    return yield* stageFailed(
      grown,
      "Give a d_sae above that of the SAE, which may be of any architecture but GroupMax and temporal ones."
    )
  }
  const { architecture, k, hook, model, activations, rows } = sae
  const { encoder_norm, seed } = growth
  const training: GrownInfo = { grown: sae.digest, narrow_latents: sae.d_sae, encoder_norm, seed }
  yield* writeStoredSae(output, grown, { architecture, k, hook, model, activations, rows, training })
  log(`${sae.d_sae} latents and ${params.d_sae - sae.d_sae} new ones`)
  return { d_sae: grown.d_sae }
})
