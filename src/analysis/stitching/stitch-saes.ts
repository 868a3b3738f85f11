/**
 * Stitches two SAEs: the change of MSE of every latent of the large one, the cosine proxy and its ROC, the path from the
 * small SAE to the large one, and a second opinion on its numbers. Definition: see `stitch-pass.ts`, `stitch-path.ts`.
 */
import * as Effect from "effect/Effect"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import type { StitchingFile, StitchingGrouping } from "../../kinds/stitching.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import { checkPath, keptPath } from "./checked-path.ts"
import { type Component, components } from "./components.ts"
import { groupingFigures, mutualNearest, tiedToNearest } from "./groupings.ts"
import { cosineEdges, nearestRows } from "../decoder-cosine.ts"
import { encodeLatents } from "../latent-codes.ts"
import { commonStartWarning, sameNumberShare } from "../same-number-share.ts"
import { latentIntervals } from "./latent-intervals.ts"
import { noveltyProxy, type ProxyOptions } from "./novelty-proxy.ts"
import { type RowBatches, standingAlone } from "./standing-alone.ts"
import { deltaMse, stitchPass } from "./stitch-pass.ts"
import { type BiasRule, type PathStep, stitchPath } from "./stitch-path.ts"

export interface StitchOptions extends ProxyOptions {
  readonly b_dec: BiasRule
  /**
   * Small latents without an edge. nearest: each gets one, to the large latent with the largest cosine, so that it leaves
   * when something near comes in. alone: each leaves by itself.
   */
  readonly unmatched: "nearest" | "alone"
}

const countsOf = (
  steps: ReadonlyArray<PathStep>,
  {
    novel,
    density,
    matched,
    parts,
    largest
  }: {
    readonly novel: ReadonlyArray<boolean>
    readonly density: ReadonlyArray<number>
    readonly matched: Uint8Array
    readonly parts: ReadonlyArray<Component>
    readonly largest: number
  }
): StitchingFile["counts"] => {
  const novelCount = novel.filter(Boolean).length
  const inPhase = (phase: PathStep["phase"]): number => steps.filter((step) => step.phase === phase).length
  return {
    novel: novelCount,
    reconstruction: novel.length - novelCount,
    silent: density.filter((share) => share === 0).length,
    unmatched_small: matched.filter((has) => has === 0).length,
    components: parts.length,
    largest_component: largest,
    insertions: inPhase("insert"),
    swaps: inPhase("swap"),
    rest: inPhase("rest"),
    rising_steps: steps.filter((step, n) => n > 0 && step.mse > steps[n - 1]!.mse).length
  }
}

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
  const { threshold, figures: proxy } = noveltyProxy(nearest.cosine, density, novel, options)

  const closest = nearestRows(small.sae.W_dec, large.sae.W_dec, d)
  const tie = options.unmatched === "alone" ? undefined : closest
  const grouped = (graph: Iterable<readonly [number, number]>, matched = new Uint8Array(m)) =>
    components(m, saes.large.d_sae, tiedToNearest(graph, matched, tie))
  const matched = new Uint8Array(m)
  const parts = grouped(cosineEdges(large.sae.W_dec, small.sae.W_dec, d, threshold), matched)
  const path = keptPath(data, parts, options.b_dec, (done, total) => onStage("path", done, total))
  // The direct sum is the large SAE's MSE; the closed form is shown to be the same to rounding.
  const largeMse = yield* checkPath(data, path, models, held_out, (done, total) => onStage("check", done, total))
  const ev = (mse: number): number => 1 - mse / data.variance
  const steps = [...path.steps.slice(0, -1), { ...path.steps.at(-1)!, mse: largeMse, ev: ev(largeMse) }]

  const walked = (name: StitchingGrouping["name"], at: number | null, others: ReadonlyArray<Component>) => {
    const { steps: own } = stitchPath(data, others, options.b_dec, (_, __, index, total) =>
      onStage(`path, ${name}`, index + 1, total)
    )
    return groupingFigures(name, at, others, own)
  }
  const fixed = proxy.fixed.threshold
  const groupings = [
    groupingFigures("path", threshold, parts, steps),
    walked("fixed", fixed, grouped(cosineEdges(large.sae.W_dec, small.sae.W_dec, d, fixed))),
    walked("matching", null, grouped(mutualNearest(nearest, closest)))
  ]
  const { suspicious, ...numbers } = sameNumberShare(Array.from(nearest.index), m)
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
    proxy,
    path: steps,
    groupings,
    counts: countsOf(steps, { novel, density, matched, parts, largest: groupings[0]!.largest_group })
  }
  return {
    file,
    data,
    along: path.along,
    warning: commonStartWarning("the large SAE and the small one", { ...numbers, suspicious })
  }
}, Effect.scoped)
