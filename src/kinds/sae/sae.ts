/**
 * The artifact kind Sae: a folder that SAELens (version 6) reads as it is, with our own `sae.json` beside it.
 *
 * Files: `cfg.json` and `sae_weights.safetensors` (SAELens), `sae.json` (how it was trained, on what), `curve.arrow`
 * (the training curve). A SAELens folder without the last two opens as well, also of versions before 6.
 * What SAELens does not have (GroupMax, a transcoder with TopK latents) stands in the same layout under a name that it refuses.
 */
import * as Effect from "effect/Effect"
import { makeKind } from "../../artifact/artifact-kind.ts"

export const Sae = makeKind({
  name: "Sae",
  version: 1,
  description: "a sparse autoencoder, in a folder that SAELens reads as it is",
  open: (artifact) =>
    Effect.flatMap(
      Effect.promise(() => import("./read-sae.ts")),
      (module) => module.readSae(artifact)
    )
})
