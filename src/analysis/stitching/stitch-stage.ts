/** The stage stitch-saes: what a large SAE adds to a small one, and the path between them. */
import * as Effect from "effect/Effect"
import { requireHeldOut, requireReads } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle, RowSet } from "../../kinds/activations/activations.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import { stitchingFileName } from "../../kinds/stitching.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stitchSaes, type StitchOptions } from "./stitch-saes.ts"

interface StitchParams extends StitchOptions {
  /** Rows used at most. */
  readonly rows: number
}

interface StitchInputs {
  readonly small: Opened<SaeHandle>
  readonly large: Opened<SaeHandle>
  readonly activations: Opened<ActivationsHandle>
}

/** Batches spread evenly over a set, enough of them for so many rows. */
const spread = (set: RowSet, rows: number) => {
  const batches = Math.min(set.batches, Math.ceil(rows / set.batch_rows))
  return {
    batches,
    read: (index: number) =>
      Effect.map(set.readBatch(Math.floor((index * set.batches) / batches)), (batch) => batch.activation)
  }
}

export const stitchStage = Effect.fn("stitchStage")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<StitchParams, unknown, StitchInputs>) {
  const [small, large, activations] = [inputs.small.value, inputs.large.value, inputs.activations.value]
  yield* requireReads(small, activations, "the small SAE")
  yield* requireReads(large, activations, "the large SAE")
  yield* requireHeldOut(activations)
  const { train, held_out: heldOut } = yield* openActivations(activations)
  const { file, warning } = yield* stitchSaes(
    { small: yield* small.weights, large: yield* large.weights },
    spread(heldOut, params.rows),
    spread(train, params.rows),
    params,
    (unit, done, total) => progress({ unit, done, total })
  )
  const { counts, options } = file
  if (warning !== undefined) log(`warning: ${warning}`)
  log(
    `${counts.novel} of ${large.d_sae} latents are novel; path of ${counts.insertions} insertions, ${counts.swaps} ` +
      `swaps and ${counts.rest} others at cosine ${options.threshold.toFixed(3)}; ${counts.rising_steps} steps raise the MSE`
  )
  yield* output.writeJson(stitchingFileName, {
    ...file,
    small: { ...file.small, digest: small.digest },
    large: { ...file.large, digest: large.digest }
  })
  return {
    novel_fraction: estimated(counts.novel / large.d_sae, file.intervals?.["novel_fraction"]),
    proxy_auc:
      counts.novel === 0
        ? { unmeasured: "no latent is novel" }
        : counts.reconstruction === counts.silent
          ? { unmeasured: "every latent that fired is novel" }
          : estimated(file.proxy.auc, file.intervals?.["proxy_auc"]),
    threshold: options.threshold,
    small_mse: file.small.mse,
    large_mse: file.large.mse,
    same_number_share: file.same_number_share,
    same_number_chance: file.same_number_chance,
    small_ev: file.small.ev,
    large_ev: file.large.ev,
    steps: file.path.length - 1,
    rising_steps: counts.rising_steps,
    components: counts.components,
    largest_component: counts.largest_component
  }
})
