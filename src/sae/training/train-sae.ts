/**
 * Trains an SAE on any rows: activations of a model, decoder directions of another SAE. A checkpoint holds weights,
 * moments, counters and the curve, and a resumed run ends with the same bits as one that was never stopped.
 */
import * as Effect from "effect/Effect"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import type { StoredSae } from "../../kinds/sae/stored/stored-sae.ts"
import type { StageFailed } from "../../stage/stage-failed.ts"
import type { RowSource } from "../../activations/row-source.ts"
import { trainTogether } from "./train-together.ts"
import type { TrainingOptions } from "../training-options.ts"
import type { TrainedSae } from "./trained-sae.ts"
import type { TrainingHooks } from "./training-run.ts"
import type { TrainingRows } from "../rows/training-rows.ts"

/** @param init an earlier SAE to go on from */
export const trainSae = (
  rows: RowSource | TrainingRows,
  options: TrainingOptions,
  hooks: TrainingHooks = {},
  init?: StoredSae
): Effect.Effect<TrainedSae, StageFailed | ArtifactError> =>
  Effect.map(
    trainTogether(rows, [{ options, hooks, ...(init === undefined ? {} : { init }) }]),
    ([trained]) => trained as TrainedSae
  )
