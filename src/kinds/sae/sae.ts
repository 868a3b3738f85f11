/**
 * The artifact kind Sae: a folder that SAELens (version 6) reads as it is, with our own `sae.json` beside it.
 *
 * Files: `cfg.json` and `sae_weights.safetensors` (SAELens), `sae.json` (how it was trained, on what), `curve.arrow`
 * (the training curve). A SAELens folder without the last two opens as well, also of versions before 6.
 * What SAELens does not have (GroupMax, a transcoder with TopK latents) stands in the same layout under a name that it refuses.
 */
import * as Effect from "effect/Effect"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import { makeKind } from "../../artifact/artifact-kind.ts"
import type { SaeInfo, SaeWeights } from "./stored/sae-weights.ts"
import type { StoredSae } from "./stored/stored-sae.ts"

/** Training curve: one array per column (`step`, `loss`, `mse`, `aux_loss`, `l0`, `explained_variance`, `dead`, ...). */
export type SaeCurve = Readonly<Record<string, Float64Array<ArrayBuffer>>>

export interface SaeHandle extends SaeInfo {
  /** Digest of the artifact. */
  readonly digest: string
  /** Null but for a transcoder: the width of its output. */
  readonly d_out: number | null
  /**
   * Of an autoencoder that takes rows as they are and has no activation below zero; fails, with the reason, for every
   * other one.
   */
  readonly weights: Effect.Effect<SaeWeights, ArtifactError>
  /** Of any: transcoders, and SAEs that normalise every row, too. */
  readonly anyWeights: Effect.Effect<SaeWeights, ArtifactError>
  /** As its files hold it: for writing it in another format. */
  readonly stored: Effect.Effect<StoredSae, ArtifactError>
  readonly curve: Effect.Effect<SaeCurve | undefined, ArtifactError>
}

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
