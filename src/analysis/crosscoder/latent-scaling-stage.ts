/** The stage latent-scaling: which latents of a crosscoder of two models are one model's own. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { requireAligned, requireHeldOut } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import { isSpecific, type LatentScaling, makeScalingSums, normClass } from "./latent-scaling.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { latentScalingFileName, type LatentScalingFile } from "../../kinds/latent-scaling.ts"
import { readCrosscoder } from "../../kinds/sae/crosscoder-file.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import { medianInterval } from "../../numeric/quantile-interval.ts"
import * as Rng from "../../random/rng.ts"
import { breathe } from "../../stage/breathe.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated, type Estimate, type Unmeasured } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { encodeRows, openSaeModel, type SaeModel } from "../../sae/sae-model.ts"
import { sideBySide } from "../../sae/evaluate/side-by-side.ts"

interface LatentScalingInputs {
  readonly crosscoder: Opened<SaeHandle>
  readonly sources: ReadonlyArray<Opened<ActivationsHandle>>
}

/** What a crosscoder makes of rows, and the latents that fire on each. */
const answers = (sae: SaeModel, rows: Float32Array) => {
  const codes: { latent: Int32Array; rowStart: Int32Array; values: Float32Array } = {
    latent: new Int32Array(0),
    rowStart: new Int32Array(0),
    values: new Float32Array(0)
  }
  const xHat = tf.tidy(() => {
    const x = tf.tensor2d(rows.slice(), [rows.length / sae.d_in, sae.d_in])
    const sparse = sae.encode(x)
    codes.latent = sparse.latent
    codes.rowStart = sparse.rowStart
    codes.values = sparse.value.dataSync<"float32">()
    return sae.decode(sparse, x)
  })
  const values = xHat.dataSync<"float32">()
  xHat.dispose()
  return { xHat: values, codes }
}

/** Share of the latents of a source that latent scaling confirms, with its interval over them. */
const confirmed = (latents: ReadonlyArray<LatentScaling>): number | Estimate | Unmeasured => {
  const told = latents.filter(({ vError, vReconstruction }) => vError !== undefined && vReconstruction !== undefined)
  if (told.length === 0) return { unmeasured: "no latent of this source alone fires on these rows" }
  const values = told.map((each) => (isSpecific(each) ? 1 : 0))
  const share = (times: ArrayLike<number>) => ({ share: drawnSum(times, values) / values.length })
  const intervals = bootstrapIntervals([values.length], share, Rng.make(0, "intervals of latent scaling"))
  return estimated(share(new Int32Array(values.length).fill(1)).share, intervals["share"])
}

const median = (values: ReadonlyArray<number | undefined>): number | Estimate | Unmeasured => {
  const known = values.filter((value) => value !== undefined)
  const sorted = known.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]]
  return low === undefined || high === undefined
    ? { unmeasured: "no such latent fires on these rows" }
    : estimated((low + high) / 2, medianInterval(known, Rng.make(0, "intervals of latent scaling")).interval)
}

export const latentScalingStage = Effect.fn("latentScaling")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<{ readonly rows: number }, unknown, LatentScalingInputs>) {
  const { artifact, value: crosscoder } = inputs.crosscoder
  const [first, second, ...others] = inputs.sources.map(({ value }) => value)
  const file = yield* readCrosscoder(artifact)
  if (file === undefined) {
    return yield* stageFailed(
      `it is no crosscoder, but a ${crosscoder.architecture} SAE`,
      "Give what train-crosscoder made."
    )
  }
  if (first === undefined || second === undefined || others.length > 0 || file.sources.length !== 2) {
    return yield* stageFailed(
      `latent scaling is between two sources; the crosscoder has ${file.sources.length}, and ${inputs.sources.length} are given`,
      "Train a crosscoder on one hook of two models."
    )
  }
  const all = [first, second] as const
  const same = all.every(({ hook, model }, m) => hook === file.sources[m]?.hook && model === file.sources[m]?.model)
  const [scaleA, scaleB] = file.sources.map(({ scale }) => scale)
  if (!same || scaleA === undefined || scaleB === undefined) {
    return yield* stageFailed(
      same
        ? "the crosscoder does not say by what its rows were divided"
        : "the sources are not those of the crosscoder",
      same ? "Train it again." : "Give activations of the same hooks and models, in the order of its training."
    )
  }
  if (first.d_in !== second.d_in) {
    return yield* stageFailed(
      `the sources have ${first.d_in} and ${second.d_in} numbers a row`,
      "Give models of one width."
    )
  }
  yield* requireAligned(all)
  for (const source of all) yield* requireHeldOut(source)

  const weights = yield* crosscoder.anyWeights
  const sums = makeScalingSums(weights.W_dec, [
    { width: first.d_in, scale: scaleA },
    { width: second.d_in, scale: scaleB }
  ])
  const sae = yield* openSaeModel(weights)
  const opened = yield* Effect.forEach(all, openActivations)
  const set = sideBySide(opened.map(({ held_out, d_in: width }) => ({ set: held_out, width })))
  const total = Math.min(params.rows, first.held_out.rows)
  const step = encodeRows(sae.d_sae)
  let rows = 0
  for (let index = 0; index < set.batches && rows < params.rows; index++) {
    const batch = yield* set.readBatch(index)
    for (let from = 0; from < batch.rows && rows < params.rows; from += step) {
      const count = Math.min(step, batch.rows - from, params.rows - rows)
      const x = batch.activation.subarray(from * sae.d_in, (from + count) * sae.d_in)
      const { xHat, codes } = answers(sae, x)
      for (let row = 0; row < count; row++) {
        const [start, end] = [codes.rowStart[row] as number, codes.rowStart[row + 1] as number]
        const firing = Array.from(
          { length: end - start },
          (_, i) => [codes.latent[start + i] as number, codes.values[start + i] as number] as const
        )
        const columns = (values: Float32Array) => values.subarray(row * sae.d_in, (row + 1) * sae.d_in)
        sums.add(columns(x), columns(xHat), firing)
      }
      rows += count
      progress({ done: rows, total, unit: "rows" })
      yield* breathe
    }
  }

  const latents = sums.result()
  const orNull = (value: number | undefined): number | null => value ?? null
  const result: LatentScalingFile = {
    format: 1,
    crosscoder: crosscoder.digest,
    sources: all.map(({ hook, model }) => ({ hook, model })),
    rows,
    firings: latents.map(({ firings }) => firings),
    relative_norm: latents.map((each) => each.relativeNorm),
    v_reconstruction: latents.map(({ vReconstruction }) => orNull(vReconstruction)),
    v_error: latents.map(({ vError }) => orNull(vError))
  }
  yield* output.writeJson(latentScalingFileName, result)
  const live = latents.filter(({ firings }) => firings > 0)
  const classes = Map.groupBy(live, normClass)
  const [onlyFirst, onlySecond] = [classes.get("first") ?? [], classes.get("second") ?? []]
  log(
    `of ${live.length} live latents ${onlyFirst.length} are the first source's by decoder norm, ${onlySecond.length} the second's; ` +
      `latent scaling confirms ${onlyFirst.filter(isSpecific).length} and ${onlySecond.filter(isSpecific).length}`
  )
  return {
    first_only: onlyFirst.length,
    second_only: onlySecond.length,
    shared: classes.get("shared")?.length ?? 0,
    first_specific: onlyFirst.filter(isSpecific).length,
    second_specific: onlySecond.filter(isSpecific).length,
    first_confirmed: confirmed(onlyFirst),
    second_confirmed: confirmed(onlySecond),
    second_v_reconstruction: median(onlySecond.map(({ vReconstruction }) => vReconstruction)),
    second_v_error: median(onlySecond.map(({ vError }) => vError)),
    shared_v_error: median((classes.get("shared") ?? []).map(({ vError }) => vError))
  }
})
