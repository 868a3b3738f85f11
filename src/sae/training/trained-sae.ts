/** What a training ends with. */
import { computableSae } from "../../kinds/sae/stored/computable-sae.ts"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import type { StoredSae } from "../../kinds/sae/stored/stored-sae.ts"
import type { SaeCurve } from "../../kinds/sae/sae-handle.ts"
import type { ScaledRows } from "../rows/training-rows.ts"
import type { ResolvedOptions } from "../training-options.ts"
import { foldScale } from "./fold-scale.ts"
import { roundStored } from "./round-stored.ts"
import type { TrainedParameters } from "./sae-parameters.ts"
import type { TrainingCurve } from "./training-curve.ts"

export interface TrainedSae {
  /** For rows as they come; decoder rows have norm one, but for crosscoders that choose k latents. */
  readonly weights: SaeWeights
  /** The same with what tells its architecture, to be saved. */
  readonly stored: StoredSae
  /** Widths of the sources, and what the rows of each were divided by in training. */
  readonly parts: ScaledRows["parts"]
  readonly curve: SaeCurve
  readonly options: ResolvedOptions
  readonly outcome: {
    /** Means over the last tenth of the curve. */
    readonly loss: number
    readonly explained_variance: number
    readonly l0: number
    /** At the last step. */
    readonly dead_latents: number
    /** In the scale of the rows; null where the architecture has none. */
    readonly threshold: number | null
    /** What rows were divided by while training. */
    readonly input_scale: number
    readonly rows_seen: number
    readonly epochs: number
  }
}

/** @param threshold in the scale of training; null where the architecture has none */
export const trainedSae = (
  trained: TrainedParameters,
  threshold: number | null,
  options: ResolvedOptions,
  rows: ScaledRows,
  curve: TrainingCurve
): TrainedSae => {
  const stored = roundStored(foldScale({ ...trained, threshold }, options, rows), options.dtype)
  return {
    // A threshold that was never set has been refused.
    weights: computableSae(stored) as SaeWeights,
    stored,
    parts: rows.parts,
    curve: curve.finished(),
    options,
    outcome: {
      loss: curve.last("loss"),
      explained_variance: curve.last("explained_variance"),
      l0: curve.last("l0"),
      dead_latents: curve.values("dead").at(-1) as number,
      threshold: threshold === null ? null : threshold * rows.scale,
      input_scale: rows.scale,
      rows_seen: options.steps * options.batch_rows,
      epochs: (options.steps * options.batch_rows) / rows.rows
    }
  }
}
