/** What is read of an Sae artifact. */
import type * as Effect from "effect/Effect"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
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
