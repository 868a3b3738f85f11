/**
 * The path from the small SAE to the large one, with some of its SAEs kept, and a second opinion on its MSE: the closed form
 * against the rows themselves, and the ends against the SAEs' own forward passes.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type { SaeModel } from "../../sae/sae-model.ts"
import { stageFailed, type StageFailed } from "../../stage/stage-failed.ts"
import type { Component } from "./components.ts"
import type { RowBatches } from "./standing-alone.ts"
import { type Along, directMse, type Stitched } from "./stitch-check.ts"
import type { StitchData } from "./stitch-pass.ts"
import { type BiasRule, type PathStep, stitchPath } from "./stitch-path.ts"

/** Steps of the path that are kept, besides its end. */
const alongSteps = 8
/** Steps between the ends whose MSE is computed again from the rows. */
const checkedSteps = 3
/** Closed form against direct sum, both f64, relative to the variance. */
const closedFormTolerance = 1e-9
/** Codes on f64 against the SAE's own forward pass on the engine (f32), relative. */
const engineTolerance = 1e-4

interface CheckedStep extends Stitched {
  /** Of the path. */
  readonly index: number
}

export interface KeptPath {
  readonly steps: ReadonlyArray<PathStep>
  /** SAEs along it. */
  readonly along: ReadonlyArray<Along>
  /** The first is the small SAE, the last the large one. */
  readonly checked: ReadonlyArray<CheckedStep>
}

/** @param onStep is told of every step */
export const keptPath = (
  data: StitchData,
  parts: ReadonlyArray<Component>,
  biasRule: BiasRule,
  onStep: (done: number, total: number) => void
): KeptPath => {
  const along: Array<Along> = []
  const checked: Array<CheckedStep> = []
  const every = Math.max(1, Math.floor(parts.length / (checkedSteps + 1)))
  const { steps } = stitchPath(data, parts, biasRule, ({ latents }, state, index, total) => {
    onStep(index + 1, total)
    const stitched = (): Stitched => ({ present: state.present.slice(), biasShare: state.biasShare() })
    const last = index === total - 1
    if (last || index % Math.ceil(total / alongSteps) === 0) along.push({ step: index, latents, ...stitched() })
    if (last || index % every === 0) checked.push({ index, ...stitched() })
  })
  return { steps, along, checked }
}

/** Sum of squared errors of the SAE's own forward pass. */
const engineErrors = (x: Float32Array, model: SaeModel): number =>
  tf.tidy(() => {
    const rows = tf.tensor2d(x, [x.length / model.d_in, model.d_in])
    const errors = tf.sum(tf.squaredDifference(model.reconstruct(rows), rows), 1).dataSync<"float32">()
    return errors.reduce((sum, error) => sum + error, 0)
  })

/** A failure where two ways to the same MSE part, undefined where they agree. */
const disagreement = (
  { checked, steps }: KeptPath,
  direct: ReadonlyArray<number>,
  variance: number,
  [smallMse, largeMse]: readonly [number, number]
): StageFailed | undefined => {
  for (const [n, { index }] of checked.entries()) {
    const closed = steps[index]!.mse
    if (!(Math.abs(closed - direct[n]!) <= closedFormTolerance * (variance + direct[n]!))) {
      return stageFailed(`step ${index} of the path has the MSE ${direct[n]}, the closed form says ${closed}`)
    }
  }
  for (const [name, mse, own] of [
    ["small", direct[0]!, smallMse],
    ["large", direct.at(-1)!, largeMse]
  ] as const) {
    if (!(Math.abs(mse - own) <= engineTolerance * own)) {
      return stageFailed(`the ${name} SAE's own forward pass has the MSE ${own}, its codes give ${mse}`)
    }
  }
  return undefined
}

/**
 * @param held_out the rows of the path's pass
 * @returns the large SAE's MSE, as the rows themselves give it; fails where the path is not one from SAE to SAE, or its MSE wrong
 */
export const checkPath = Effect.fnUntraced(function* <E>(
  data: StitchData,
  path: KeptPath,
  models: { readonly small: SaeModel; readonly large: SaeModel },
  held_out: RowBatches<E>,
  onBatch: (done: number, total: number) => void
) {
  const { present, biasShare } = path.checked.at(-1)!
  const m = data.small.d_sae
  const whole = m + data.large.d_sae
  if (biasShare !== 1 || present.some((here, j) => here !== (j < m ? 0 : 1)) || present.length !== whole) {
    return yield* stageFailed("the path does not end in the large SAE: this is a bug of the stitching")
  }
  const check = directMse(data, path.checked)
  let [smallErrors, largeErrors] = [0, 0]
  for (let index = 0; index < held_out.batches; index++) {
    const x = yield* held_out.read(index)
    check.add(x)
    smallErrors += engineErrors(x, models.small)
    largeErrors += engineErrors(x, models.large)
    onBatch(index + 1, held_out.batches)
  }
  const direct = check.finish()
  const wrong = disagreement(path, direct, data.variance, [smallErrors / data.rows, largeErrors / data.rows])
  return wrong === undefined ? direct.at(-1)! : yield* wrong
})
