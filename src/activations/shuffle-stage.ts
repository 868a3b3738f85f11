/** The stage shuffle-activations. */
import * as Effect from "effect/Effect"
import { activationsRowBytes } from "../kinds/activations/activations-columns.ts"
import type { ActivationsHandle } from "../kinds/activations/activations-handle.ts"
import type { Opened } from "../stage/input.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { requireTrainingRows } from "./fit.ts"
import { requireSpace } from "./require-space.ts"
import { shuffleActivations } from "./shuffle-activations.ts"

interface ShuffleParams {
  readonly seed: number
  /** MiB of rows permuted in memory at a time. */
  readonly bucket_mib: number
}

export const shuffleStage = Effect.fn("shuffleStage")(function* ({
  inputs,
  params,
  output,
  progress
}: StageContext<ShuffleParams, unknown, { readonly activations: Opened<ActivationsHandle> }>) {
  const { train, held_out: heldOut, d_in, dtype } = inputs.activations.value
  yield* requireTrainingRows({ train })
  const bucketBytes = params.bucket_mib * 2 ** 20
  const bytes = (train.rows + heldOut.rows) * activationsRowBytes(d_in, dtype) + bucketBytes
  yield* requireSpace(output.directory, bytes, `${train.rows} rows in another order`)
  return yield* shuffleActivations(inputs.activations, output, { seed: params.seed, bucketBytes, progress })
})
