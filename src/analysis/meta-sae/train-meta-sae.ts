/**
 * Trains a meta-SAE (BatchTopK on unit decoder rows, Leask et al. 2502.04878; constant learning rate as in SAEBench's
 * `meta_structure`) and, with the same settings, two on random unit rows of the same number: uniform ones, and ones with the mean and
 * the covariance of the decoder's. What the last explains follows from the shape of the cloud of directions (SAEs of a model
 * with random weights have one too), so that only what is explained beyond it speaks of parts in common.
 */
import * as Effect from "effect/Effect"
import { toldIntervals } from "../../artifact/intervals.ts"
import type { MetaLatentsFile } from "../../kinds/sae/meta-latents.ts"
import { matrixRows } from "../../activations/row-source.ts"
import { makeSaeModel } from "../../sae/sae-model.ts"
import { trainSae } from "../../sae/training/train-sae.ts"
import type { TrainedSae } from "../../sae/training/trained-sae.ts"
import batchTopk from "../../sae/architectures/batch-topk.ts"
import type { choiceOptions } from "../../sae/settings/choice-options.ts"
import { defaultsFor } from "../../sae/training-options.ts"
import * as Rng from "../../random/rng.ts"
import type { Progress } from "../../stage/progress.ts"
import { unitRows } from "../decoder-cosine.ts"
import { explainedBeyond, explainedVariance, explainedVarianceInterval } from "../explained-variance.ts"
import { chooseLatents } from "../choose-latents.ts"
import { encodeLatents } from "../latent-codes.ts"
import { matchedRows } from "./matched-rows.ts"
import { metaLatents } from "./meta-latents.ts"
import { commonStartWarning, sameNumberShare } from "../same-number-share.ts"
import { randomUnitRows } from "../../random/random-unit-rows.ts"
import { reconstructLatents } from "../reconstruct-latents.ts"

export interface MetaSaeOptions {
  readonly d_sae: number
  readonly k: number
  readonly steps: number
  readonly batch_rows: number
  readonly lr: number
  readonly seed: number
  /** Options of BatchTopK that differ from its defaults. */
  readonly training?: Partial<ReturnType<typeof defaultsFor<typeof choiceOptions>>>
  /** Whether rows are drawn with replacement; else each comes once an epoch. */
  readonly with_replacement?: boolean
  /** Rows among which the k largest a row are chosen when it is measured; null: meta-latents above the threshold. */
  readonly chosen_among?: number | null
  /** Latents kept for each meta-latent. */
  readonly top: number
}

export interface MetaSae {
  readonly trained: TrainedSae
  readonly random: TrainedSae
  readonly file: MetaLatentsFile
  /** Share of what is left of random rows of the decoder's covariance that is not left of the decoder's. */
  readonly structure: number
  /** Said where meta-latents and latents have a common start. */
  readonly warning: string | undefined
}

const measure = (
  rows: Float32Array<ArrayBuffer>,
  { weights }: TrainedSae,
  { k, chosen_among }: Pick<MetaSaeOptions, "k" | "chosen_among">
) => {
  const model = makeSaeModel(weights)
  const codes = encodeLatents(rows, model)
  const measured = chosen_among == null ? codes : chooseLatents(rows, weights, model, k, chosen_among)
  model.dispose()
  const reconstruction = reconstructLatents(measured, weights)
  return {
    x: rows,
    reconstruction,
    codes,
    ev: explainedVariance(rows, reconstruction, weights.d_in),
    interval: explainedVarianceInterval(rows, reconstruction, weights.d_in)
  }
}

export const trainMetaSae = Effect.fn("trainMetaSae")(function* (
  base: { readonly W_dec: Float32Array<ArrayBuffer>; readonly d_in: number },
  options: MetaSaeOptions,
  progress: (progress: Progress) => void = () => {}
) {
  const { d_in } = base
  const { d_sae, k, steps, batch_rows, lr, seed, top } = options
  const rows = unitRows(base.W_dec, d_in)
  const count = rows.length / d_in
  const training = {
    ...defaultsFor(batchTopk),
    warmup: 0,
    decay: 0,
    ...options.training,
    architecture: batchTopk,
    d_sae,
    k,
    steps,
    batch_rows,
    lr,
    // Not the start of an SAE of the same seed and size; the baseline's is the same, so that they differ in their rows alone.
    seed: Rng.seedFor(seed, "meta-SAE"),
    // The rows are unit vectors already, and their scale is the unit of the activations in meta.json.
    normalize: "none" as const
  }
  const train = (data: Float32Array<ArrayBuffer>, before: number) =>
    trainSae({ ...matrixRows(data, d_in), withReplacement: options.with_replacement === true }, training, {
      progress: (part) => progress({ ...part, done: before + part.done, total: 3 * steps })
    })
  const trained = yield* train(rows, 0)
  const randomRows = randomUnitRows(count, d_in, seed)
  const random = yield* train(randomRows, steps)
  const cloud = matchedRows(rows, d_in, seed)
  const matched = measure(cloud, yield* train(cloud, 2 * steps), options)
  const own = measure(rows, trained, options)
  const { codes, ev, interval } = own
  const structure = explainedBeyond(own, matched, d_in)
  const baseline = measure(randomRows, random, options)
  const found = metaLatents(codes, top)
  const { suspicious, ...numbers } = sameNumberShare(
    found.meta_latents.map(({ ids }) => ids[0]),
    count
  )
  const file: MetaLatentsFile = {
    format: 2,
    base: { d_sae: count, d_in },
    meta: { d_sae, k },
    decoder_variance_explained: ev,
    random_variance_explained: baseline.ev,
    matched_variance_explained: matched.ev,
    intervals: toldIntervals({
      decoder_variance_explained: interval,
      random_variance_explained: baseline.interval,
      matched_variance_explained: matched.interval,
      structure_explained: structure.interval
    }),
    ...numbers,
    ...found
  }
  const warning = commonStartWarning("meta-latents and latents", { ...numbers, suspicious })
  const result: MetaSae = { trained, random, file, structure: structure.value, warning }
  return result
})
