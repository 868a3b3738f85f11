/** The stage train-meta-sae: an SAE of decoder directions, beside one of random directions. */
import * as Effect from "effect/Effect"
import { metaLatentsFileName } from "../../kinds/sae/meta-latents.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { writeSae } from "../../kinds/sae/write-sae.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { requireTrainingMemory } from "../../sae/training/training-memory.ts"
import { trainingRecord } from "../../sae/training/training-record.ts"
import { type MetaPresetName, metaSettings } from "./meta-presets.ts"
import { tooFew } from "./too-few.ts"
import { type MetaSaeOptions, trainMetaSae } from "./train-meta-sae.ts"

/** Null: as the preset says. */
interface MetaSaeParams extends Pick<MetaSaeOptions, "k" | "seed" | "top"> {
  readonly preset: MetaPresetName
  readonly d_sae: number | null
  readonly steps: number | null
  readonly batch_rows: number | null
  readonly lr: number | null
}

export const metaSaeStage = Effect.fn("metaSaeStage")(function* ({
  inputs,
  params,
  output,
  progress,
  log,
  memory
}: StageContext<MetaSaeParams, unknown, { readonly sae: Opened<SaeHandle> }>) {
  const base = inputs.sae.value
  const settings = metaSettings(params, base.d_sae)
  const { d_sae } = settings
  const wrong = tooFew(d_sae, params.k)
  if (wrong !== undefined) return yield* stageFailed(wrong, "Set d_sae, or lower k.")
  const sizes = { d_in: base.d_in, d_out: base.d_in, ...settings }
  yield* requireTrainingMemory([sizes], log, memory)
  const { W_dec } = yield* base.weights
  const { trained, file, random, structure, warning } = yield* trainMetaSae(
    { W_dec, d_in: base.d_in },
    { ...params, ...settings },
    progress
  )
  const matched = file.matched_variance_explained ?? Number.NaN
  if (warning !== undefined) log(`warning: ${warning}`)
  log(
    `decoder variance explained ${file.decoder_variance_explained.toFixed(4)}, ` +
      `of random rows ${file.random_variance_explained.toFixed(4)}, of random rows of its covariance ${matched.toFixed(4)}`
  )
  yield* writeSae(output, {
    weights: trained.weights,
    curve: trained.curve,
    info: {
      architecture: "batch_topk",
      k: params.k,
      hook: null,
      model: null,
      activations: null,
      rows: "decoder",
      training: {
        ...trainingRecord(trained),
        seed: params.seed,
        base: base.digest,
        random_outcome: random.outcome
      }
    }
  })
  yield* output.writeJson(metaLatentsFileName, file)
  return {
    decoder_variance_explained: estimated(
      file.decoder_variance_explained,
      file.intervals?.["decoder_variance_explained"]
    ),
    random_variance_explained: estimated(file.random_variance_explained, file.intervals?.["random_variance_explained"]),
    matched_variance_explained: estimated(matched, file.intervals?.["matched_variance_explained"]),
    structure_explained: estimated(structure, file.intervals?.["structure_explained"]),
    l0: file.l0,
    dead_meta_latents: file.dead.length / d_sae,
    same_number_share: file.same_number_share,
    same_number_chance: file.same_number_chance,
    meta_latents: d_sae
  }
})
