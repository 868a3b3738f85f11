/**
 * Stitches two SAEs: the change of MSE of every latent of the large one, the cosine proxy and its ROC, the path from the
 * small SAE to the large one, and a second opinion on its numbers. Definition: see `stitch-pass.ts`, `stitch-path.ts`.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import type { ProxyPoint, StitchingFile } from "../../kinds/stitching.ts"
import { openSaeModel, type SaeModel } from "../../sae/sae-model.ts"
import { stageFailed, type StageFailed } from "../../stage/stage-failed.ts"
import { components } from "./components.ts"
import { groupingFigures, mutualNearest, tiedToNearest } from "./groupings.ts"
import { cosineEdges, nearestRows } from "../decoder-cosine.ts"
import { encodeLatents } from "../latent-codes.ts"
import { commonStartWarning, sameNumberShare } from "../same-number-share.ts"
import { roc } from "../../numeric/roc.ts"
import { latentIntervals } from "./latent-intervals.ts"
import { type RowBatches, standingAlone } from "./standing-alone.ts"
import { type Along, directMse, type Stitched } from "./stitch-check.ts"
import { deltaMse, stitchPass } from "./stitch-pass.ts"
import { type BiasRule, stitchPath } from "./stitch-path.ts"

export interface StitchOptions {
  readonly b_dec: BiasRule
  /** Where the threshold of the cosine graph comes from. */
  readonly threshold_from: "youden" | "fixed"
  /** The fixed threshold: reported always, used where `threshold_from` is `fixed`. */
  readonly fixed_threshold: number
  /**
   * Small latents without an edge. nearest: each gets one, to the large latent with the largest cosine, so that it leaves
   * when something near comes in. alone: each leaves by itself.
   */
  readonly unmatched: "nearest" | "alone"
}

/** Steps of the path that are kept, besides its end. */
const alongSteps = 8
/** Points of the ROC that are kept. */
const rocPoints = 200
/** Steps between the ends whose MSE is computed again from the rows. */
const checkedSteps = 3
/** Closed form against direct sum, both f64, relative to the variance. */
const closedFormTolerance = 1e-9
/** Codes on f64 against the SAE's own forward pass on the engine (f32), relative. */
const engineTolerance = 1e-4

/** Sum of squared errors of the SAE's own forward pass. */
const engineErrors = (x: Float32Array, model: SaeModel): number =>
  tf.tidy(() => {
    const rows = tf.tensor2d(x, [x.length / model.d_in, model.d_in])
    const errors = tf.sum(tf.squaredDifference(model.reconstruct(rows), rows), 1).dataSync<"float32">()
    return errors.reduce((sum, error) => sum + error, 0)
  })

const thinned = <A>(points: ReadonlyArray<A>, most: number): ReadonlyArray<A> =>
  points.length <= most
    ? points
    : Array.from({ length: most }, (_, n) => points[Math.round((n * (points.length - 1)) / (most - 1))]!)

/**
 * @param held_out rows that neither SAE was trained on
 * @param calibration rows for the threshold of a TopK SAE
 * @returns the file, and what is to be said where both have a common start
 * @param onStage is told of passes over the rows and of steps of the path, `done` of `total`
 */
export const stitchSaes = Effect.fn("stitchSaes")(function* <E>(
  saes: { readonly small: SaeWeights; readonly large: SaeWeights },
  held_out: RowBatches<E>,
  calibration: RowBatches<E>,
  options: StitchOptions,
  onStage: (what: string, done: number, total: number) => void = () => {}
) {
  const small = yield* standingAlone(saes.small, calibration)
  const large = yield* standingAlone(saes.large, calibration)
  const models = { small: yield* openSaeModel(small.sae), large: yield* openSaeModel(large.sae) }
  const d = saes.small.d_in
  const m = saes.small.d_sae
  const P = m + saes.large.d_sae

  const pass = stitchPass(small.sae, large.sae)
  for (let index = 0; index < held_out.batches; index++) {
    const x = yield* held_out.read(index)
    pass.add(x, { small: encodeLatents(x, models.small), large: encodeLatents(x, models.large) })
    onStage("rows", index + 1, held_out.batches)
  }
  const data = pass.finish()
  const delta = deltaMse(data)
  const novel = Array.from(delta, (change) => change < 0)
  const density = Array.from(data.density.subarray(m))

  const nearest = nearestRows(large.sae.W_dec, small.sae.W_dec, d)
  const alive = density.flatMap((share, j) => (share > 0 ? [j] : []))
  const curve = roc(
    alive.map((j) => -nearest.cosine[j]!),
    alive.map((j) => novel[j]!)
  )
  const point = (p: { threshold: number; true_positive_rate: number; false_positive_rate: number }): ProxyPoint => ({
    threshold: Number.isFinite(p.threshold) ? -p.threshold : -1,
    true_positive_rate: p.true_positive_rate,
    false_positive_rate: p.false_positive_rate
  })
  const rateBelow = (threshold: number, wanted: boolean): number => {
    const among = alive.filter((j) => novel[j] === wanted)
    return among.length === 0 ? 0 : among.filter((j) => nearest.cosine[j]! <= threshold).length / among.length
  }
  const fixed: ProxyPoint = {
    threshold: options.fixed_threshold,
    true_positive_rate: rateBelow(options.fixed_threshold, true),
    false_positive_rate: rateBelow(options.fixed_threshold, false)
  }
  const youden = point(curve.youden)
  const threshold = options.threshold_from === "fixed" ? fixed.threshold : youden.threshold

  const closest = nearestRows(small.sae.W_dec, large.sae.W_dec, d)
  const tie = options.unmatched === "alone" ? undefined : closest
  const grouped = (graph: Iterable<readonly [number, number]>, matched = new Uint8Array(m)) =>
    components(m, saes.large.d_sae, tiedToNearest(graph, matched, tie))
  const matched = new Uint8Array(m)
  const parts = grouped(cosineEdges(large.sae.W_dec, small.sae.W_dec, d, threshold), matched)
  const checked: Array<Stitched & { readonly index: number }> = []
  const every = Math.max(1, Math.floor(parts.length / (checkedSteps + 1)))
  const along: Array<Along> = []
  const path = stitchPath(data, parts, options.b_dec, ({ latents }, state, index, total) => {
    onStage("path", index + 1, total)
    if (index === total - 1 || index % Math.ceil(total / alongSteps) === 0) {
      along.push({ step: index, latents, present: state.present.slice(), biasShare: state.biasShare() })
    }
    if (index % every === 0 || index === total - 1) {
      checked.push({ index, present: state.present.slice(), biasShare: state.biasShare() })
    }
  })

  const end = checked.at(-1)!
  if (end.biasShare !== 1 || end.present.some((here, j) => here !== (j < m ? 0 : 1)) || end.present.length !== P) {
    return yield* stageFailed("the path does not end in the large SAE: this is a bug of the stitching")
  }
  const check = directMse(data, checked)
  let [smallErrors, largeErrors] = [0, 0]
  for (let index = 0; index < held_out.batches; index++) {
    const x = yield* held_out.read(index)
    check.add(x)
    smallErrors += engineErrors(x, models.small)
    largeErrors += engineErrors(x, models.large)
    onStage("check", index + 1, held_out.batches)
  }
  const direct = check.finish()
  const wrong = disagreement(checked, path.steps, direct, data.variance, [
    smallErrors / data.rows,
    largeErrors / data.rows
  ])
  if (wrong !== undefined) return yield* wrong

  // The direct sum is the large SAE's MSE; the closed form has just been shown to be the same to rounding.
  const largeMse = direct.at(-1)!
  const ev = (mse: number): number => 1 - mse / data.variance
  const steps = [...path.steps.slice(0, -1), { ...path.steps.at(-1)!, mse: largeMse, ev: ev(largeMse) }]
  const { suspicious, ...numbers } = sameNumberShare(Array.from(nearest.index), m)
  const others = [
    {
      name: "fixed",
      threshold: fixed.threshold,
      parts: grouped(cosineEdges(large.sae.W_dec, small.sae.W_dec, d, fixed.threshold))
    },
    { name: "matching", threshold: null, parts: grouped(mutualNearest(nearest, closest)) }
  ] as const
  const groupings = [groupingFigures("path", threshold, parts, steps)]
  for (const other of others) {
    const walked = stitchPath(data, other.parts, options.b_dec, (_, __, index, total) =>
      onStage(`path, ${other.name}`, index + 1, total)
    )
    groupings.push(groupingFigures(other.name, other.threshold, other.parts, walked.steps))
  }
  const novelCount = novel.filter(Boolean).length
  const inPhase = (phase: string): number => steps.filter((step) => step.phase === phase).length
  const latents = {
    delta_mse: Array.from(delta),
    cosine: Array.from(nearest.cosine),
    nearest: Array.from(nearest.index),
    density
  }
  const file: StitchingFile = {
    format: 2,
    ...numbers,
    intervals: latentIntervals(latents),
    rows: data.rows,
    d_in: d,
    small: { d_sae: m, mse: data.mse, ev: ev(data.mse), l0: steps[0]!.l0 },
    large: { d_sae: saes.large.d_sae, mse: largeMse, ev: ev(largeMse), l0: steps.at(-1)!.l0 },
    variance: data.variance,
    options: {
      b_dec: options.b_dec,
      threshold,
      threshold_from: options.threshold_from,
      unmatched: options.unmatched,
      small_topk_threshold: small.threshold,
      large_topk_threshold: large.threshold
    },
    latents,
    proxy: {
      auc: curve.auc,
      auc_all: roc(
        Array.from(nearest.cosine, (c) => -c),
        novel
      ).auc,
      roc: thinned(curve.points.map(point).toReversed(), rocPoints),
      youden,
      fixed
    },
    path: steps,
    groupings,
    counts: {
      novel: novelCount,
      reconstruction: novel.length - novelCount,
      silent: density.filter((share) => share === 0).length,
      unmatched_small: matched.filter((has) => has === 0).length,
      components: parts.length,
      largest_component: groupings[0]!.largest_group,
      insertions: inPhase("insert"),
      swaps: inPhase("swap"),
      rest: inPhase("rest"),
      rising_steps: steps.filter((step, n) => n > 0 && step.mse > steps[n - 1]!.mse).length
    }
  }
  return {
    file,
    data,
    along,
    warning: commonStartWarning("the large SAE and the small one", { ...numbers, suspicious })
  }
}, Effect.scoped)

/** A failure where two ways to the same MSE part, undefined where they agree. */
const disagreement = (
  checked: ReadonlyArray<{ readonly index: number }>,
  steps: ReadonlyArray<{ readonly mse: number }>,
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
