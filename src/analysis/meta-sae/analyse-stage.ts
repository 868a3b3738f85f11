/** The stage analyse-meta-sae: what meta-latents are, beside the latents of a smaller SAE and beside random directions. */
import * as Effect from "effect/Effect"
import { requireSameSite } from "../../activations/same-site.ts"
import { toldIntervals } from "../../artifact/intervals.ts"
import { openArrowWriter } from "../../format/arrow/arrow-writer.ts"
import {
  decompositionColumns,
  matchColumns,
  metaAnalysisFileName,
  neighbourColumns,
  type MetaAnalysisFile
} from "../../kinds/meta-analysis.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { randomUnitRows } from "../../random/random-unit-rows.ts"
import * as Rng from "../../random/rng.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { latentMean } from "../comparison/latent-mean.ts"
import { cosineNeighbours } from "../cosine-neighbours.ts"
import { nearestRows, unitRows } from "../decoder-cosine.ts"
import { explainedVariance, explainedVarianceInterval } from "../explained-variance.ts"
import { encodeLatents, type LatentCodes } from "../latent-codes.ts"
import { reconstructLatents } from "../reconstruct-latents.ts"
import { fixedDecoderVariance } from "./fixed-decoder.ts"
import { metaSteps } from "./meta-steps.ts"
import { requireMetaOf } from "./require-meta-of.ts"
import { neighbourOverlap, sharedNeighbours, type Neighbours } from "./shared-neighbours.ts"
import { mean } from "../../numeric/mean.ts"

interface AnalyseParams {
  readonly matched_above: number
  readonly neighbours: number
  /** Null: as many as train-meta-sae takes by itself. */
  readonly steps: number | null
  readonly batch_rows: number
  readonly lr: number
  readonly seed: number
}

interface AnalyseInputs {
  readonly sae: Opened<SaeHandle>
  readonly meta: Opened<SaeHandle>
  readonly smaller: Opened<SaeHandle>
}

/** A mean with its interval, or neither. */
const meanOf = (values: ReadonlyArray<number>) => {
  if (values.length === 0) return { value: null, interval: undefined }
  const { mean: value, low, high } = latentMean(values)
  return { value, interval: low === null || high === null ? undefined : { low, high } }
}

const cosineOf = (unit: Float32Array, d: number, a: number, b: number): number => {
  let dot = 0
  for (let i = 0; i < d; i++) dot += unit[a * d + i]! * unit[b * d + i]!
  return dot
}

const decompositionOf = ({ rows, offsets, latents, values }: LatentCodes) => {
  const latent = new Int32Array(latents.length)
  const share = new Float32Array(latents.length)
  for (let row = 0; row < rows; row++) {
    let total = 0
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) total += values[at]! ** 2
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
      latent[at] = row
      share[at] = values[at]! ** 2 / total
    }
  }
  return { latent, meta_latent: Int32Array.from(latents), activation: values, share }
}

const edgesOf = ({ ids, weights }: Neighbours, unit: Float32Array, d: number) => ({
  latent: Int32Array.from(ids.flatMap((near, latent) => near.map(() => latent))),
  neighbour: Int32Array.from(ids.flat()),
  shared: Float32Array.from(weights.flat()),
  cosine: Float32Array.from(ids.flatMap((near, latent) => near.map((other) => cosineOf(unit, d, latent, other))))
})

export const analyseMetaSaeStage = Effect.fn("analyseMetaSaeStage")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<AnalyseParams, unknown, AnalyseInputs>) {
  const [sae, meta, smaller] = [inputs.sae.value, inputs.meta.value, inputs.smaller.value]
  yield* requireSameSite(sae, smaller, ["the SAE", "the smaller SAE"])
  const found = yield* requireMetaOf(inputs.meta, inputs.sae)
  const d = sae.d_in
  const unit = unitRows((yield* sae.weights).W_dec, d)
  const weights = yield* meta.weights
  const codes = encodeLatents(unit, yield* openSaeModel(weights))
  const count = new Int32Array(meta.d_sae)
  for (const id of codes.latents) count[id]!++
  const live = Array.from(count.keys()).filter((id) => count[id]! > 0)
  if (live.length === 0) {
    return yield* stageFailed("no meta-latent fires on any latent", "Train the meta-SAE longer, or with a greater k.")
  }

  const other = (yield* smaller.weights).W_dec
  const directions = randomUnitRows(smaller.d_sae, d, Rng.seedFor(params.seed, "beside a smaller SAE"))
  const matches = nearestRows(weights.W_dec, other, d)
  const random = nearestRows(weights.W_dec, directions, d)
  const cosines = live.map((id) => matches.cosine[id]!)
  const randomCosines = live.map((id) => random.cosine[id]!)
  const above = (values: ReadonlyArray<number>) => values.map((cosine) => (cosine > params.matched_above ? 1 : 0))

  const reconstruction = reconstructLatents(codes, weights)
  const steps = metaSteps(params.steps, sae.d_sae, params.batch_rows)
  const fixed = (to: Float32Array<ArrayBuffer>, before: number) =>
    fixedDecoderVariance(unit, weights, to, { ...params, steps, k: found.meta.k }, (done) =>
      progress({ unit: "steps", done: before + done, total: 2 * steps })
    )
  const withSmaller = yield* fixed(other, 0)
  const withRandom = yield* fixed(directions, steps)

  const graph = sharedNeighbours(codes, params.neighbours)
  const near = cosineNeighbours(unit, d, params.neighbours)
  const renamed = Rng.make(params.seed, "latents in another order").permutation(sae.d_sae)
  const shuffled = meanOf(neighbourOverlap(graph.ids, near, (id) => renamed[id]!))
  const overlap = meanOf(neighbourOverlap(graph.ids, near))
  const [match, share] = [meanOf(cosines), meanOf(above(cosines))]
  const [randomMatch, randomShare] = [meanOf(randomCosines), meanOf(above(randomCosines))]

  const file: MetaAnalysisFile = {
    format: 1,
    sae: sae.digest,
    meta: meta.digest,
    smaller: smaller.digest,
    d_sae: sae.d_sae,
    meta_latents: meta.d_sae,
    smaller_d_sae: smaller.d_sae,
    live: live.length,
    match_cosine: mean(cosines),
    random_match_cosine: mean(randomCosines),
    matched_above: params.matched_above,
    matched_share: mean(above(cosines)),
    random_matched_share: mean(above(randomCosines)),
    decoder_variance_explained: explainedVariance(unit, reconstruction, d),
    fixed_variance_explained: withSmaller.explained,
    fixed_random_variance_explained: withRandom.explained,
    neighbours: params.neighbours,
    neighbour_overlap: overlap.value,
    shuffled_overlap: shuffled.value,
    intervals: toldIntervals({
      match_cosine: match.interval,
      matched_share: share.interval,
      decoder_variance_explained: explainedVarianceInterval(unit, reconstruction, d),
      fixed_variance_explained: withSmaller.interval,
      fixed_random_variance_explained: withRandom.interval,
      neighbour_overlap: overlap.interval,
      random_match_cosine: randomMatch.interval,
      random_matched_share: randomShare.interval,
      shuffled_overlap: shuffled.interval
    })
  }
  log(
    `${live.length} live meta-latents: cosine ${file.match_cosine.toFixed(3)} with the nearest of ${smaller.d_sae} latents, ` +
      `${file.random_match_cosine.toFixed(3)} with random directions; decoder variance explained ` +
      `${file.decoder_variance_explained.toFixed(3)}, ${file.fixed_variance_explained.toFixed(3)} with these latents as ` +
      `meta-decoder, ${file.fixed_random_variance_explained.toFixed(3)} with random ones`
  )
  yield* output.writeJson(metaAnalysisFileName, file)
  const parts = yield* openArrowWriter(output, "decomposition.arrow", decompositionColumns)
  yield* parts.append(codes.latents.length, decompositionOf(codes))
  yield* parts.close
  const matched = yield* openArrowWriter(output, "matches.arrow", matchColumns)
  yield* matched.append(meta.d_sae, {
    meta_latent: Int32Array.from(count.keys()),
    count,
    nearest: Int32Array.from(matches.index),
    cosine: matches.cosine,
    random_cosine: random.cosine
  })
  yield* matched.close
  const edges = edgesOf(graph, unit, d)
  const neighbours = yield* openArrowWriter(output, "neighbours.arrow", neighbourColumns)
  yield* neighbours.append(edges.latent.length, edges)
  yield* neighbours.close

  const told = <K extends keyof MetaAnalysisFile & string>(name: K, value: number) =>
    estimated(value, file.intervals[name])
  const alone = { unmeasured: "no two latents share a meta-latent" }
  return {
    match_cosine: told("match_cosine", file.match_cosine),
    random_match_cosine: told("random_match_cosine", file.random_match_cosine),
    matched_share: told("matched_share", file.matched_share),
    random_matched_share: told("random_matched_share", file.random_matched_share),
    decoder_variance_explained: told("decoder_variance_explained", file.decoder_variance_explained),
    fixed_variance_explained: told("fixed_variance_explained", file.fixed_variance_explained),
    fixed_random_variance_explained: told("fixed_random_variance_explained", file.fixed_random_variance_explained),
    neighbour_overlap: overlap.value === null ? alone : told("neighbour_overlap", overlap.value),
    shuffled_overlap: file.shuffled_overlap === null ? alone : told("shuffled_overlap", file.shuffled_overlap)
  }
}, Effect.scoped)
