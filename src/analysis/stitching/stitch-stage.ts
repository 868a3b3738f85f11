/** The stage stitch-saes: what a large SAE adds to a small one, and the path between them. */
import * as Effect from "effect/Effect"
import { requireHeldOut, requireModelOf, requireReads } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import { requireSameSite } from "../../activations/same-site.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import { stitchingFileName, type StitchingFile } from "../../kinds/stitching.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { openModel } from "../../model/open-model.ts"
import { evaluationContexts } from "../../sae/evaluate/evaluation-contexts.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import { crossEntropyFigures, sampledCandidates } from "./cross-entropy-figures.ts"
import type { StitchData } from "./stitch-pass.ts"
import type { Along } from "./stitch-check.ts"
import { standsIn } from "./standing-alone.ts"
import { stitchSaes, type StitchOptions } from "./stitch-saes.ts"
import { spreadBatches } from "./spread-batches.ts"
import { stitchedCrossEntropy } from "./stitched-cross-entropy.ts"

interface StitchParams extends StitchOptions {
  /** Held-out contexts that cross-entropies are over, at most. */
  readonly contexts: number
  /** Latents whose cross-entropy is measured alone, at most. */
  readonly candidates: number
  /** Rows used at most. */
  readonly rows: number
}

interface StitchInputs {
  readonly small: Opened<SaeHandle>
  readonly large: Opened<SaeHandle>
  readonly activations: Opened<ActivationsHandle>
  readonly model: Opened<LanguageModelHandle> | undefined
}

/** From this share of the fall of the MSE on, one step is the path. */
const oneStepIsAll = 0.5

/** A reason where they cannot be measured. */
const crossEntropies = Effect.fnUntraced(function* (
  handle: LanguageModelHandle,
  activations: ActivationsHandle,
  data: StitchData,
  along: ReadonlyArray<Along>,
  { latents }: StitchingFile,
  params: StitchParams,
  onContexts: (done: number, total: number) => void
) {
  const { contexts } = yield* evaluationContexts(activations, params.contexts)
  if (contexts.length === 0) return "no held-out context has a token to predict" as const
  const model = yield* openModel(handle)
  const saes = { small: yield* openSaeModel(data.small), large: yield* openSaeModel(data.large) }
  const candidates = sampledCandidates(latents, params.candidates)
  const alone = candidates.map((j) => {
    const present = along[0]!.present.slice()
    present[data.small.d_sae + j] = 1
    return { present, biasShare: 0 }
  })
  const losses = yield* stitchedCrossEntropy(
    model,
    activations.hook,
    contexts,
    data,
    saes,
    [...along, ...alone],
    (done) => onContexts(done, contexts.length)
  )
  return crossEntropyFigures(losses, along, candidates, latents.delta_mse)
})

export const stitchStage = Effect.fn("stitchStage")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<StitchParams, unknown, StitchInputs>) {
  const [small, large, activations] = [inputs.small.value, inputs.large.value, inputs.activations.value]
  yield* requireReads(small, activations, "the small SAE")
  if (inputs.model !== undefined) yield* requireModelOf(activations, inputs.model.value)
  yield* requireReads(large, activations, "the large SAE")
  yield* requireSameSite(small, large, ["the small SAE", "the large SAE"])
  yield* requireHeldOut(activations)
  const { train, held_out: heldOut } = yield* openActivations(activations)
  const { file, data, along, warning } = yield* stitchSaes(
    { small: yield* small.weights, large: yield* large.weights },
    spreadBatches(heldOut, params.rows),
    spreadBatches(train, params.rows),
    params,
    (unit, done, total) => progress({ unit, done, total })
  )
  const { counts, options } = file
  const told = [
    standsIn("the small SAE", options.small_topk_threshold),
    standsIn("the large SAE", options.large_topk_threshold),
    warning
  ]
  for (const line of told) if (line !== undefined) log(`warning: ${line}`)
  log(
    `${counts.novel} of ${large.d_sae} latents are novel; path of ${counts.insertions} insertions, ${counts.swaps} ` +
      `swaps and ${counts.rest} others at cosine ${options.threshold.toFixed(3)}; ${counts.rising_steps} steps raise the MSE`
  )
  const giant = file.groupings?.find(({ name }) => name === "path")
  const share = giant?.largest_step_share ?? null
  if (share !== null && share > oneStepIsAll) {
    log(
      `warning: one step brings ${(100 * share).toFixed(0)} % of the fall of the MSE: a group of ${counts.largest_component} latents ` +
        `holds together above cosine ${options.threshold.toFixed(3)}, and the path tells nothing of its inside; the paths by ` +
        `matchings and at the fixed threshold are in ${stitchingFileName}`
    )
  }
  const measuredCe =
    inputs.model === undefined
      ? ("no model is given" as const)
      : yield* crossEntropies(inputs.model.value, activations, data, along, file, params, (done, total) =>
          progress({ unit: "contexts", done, total })
        )
  const ce = typeof measuredCe === "string" ? undefined : measuredCe
  const without = { unmeasured: typeof measuredCe === "string" ? measuredCe : "the changes do not vary" }
  const at = (step: "first" | "last") => {
    const found = step === "first" ? ce?.file.path[0] : ce?.file.path.at(-1)
    return found === undefined
      ? without
      : estimated(
          found.ce,
          found.low === null || found.high === null ? undefined : { low: found.low, high: found.high }
        )
  }
  yield* output.writeJson(stitchingFileName, {
    ...file,
    ...(ce === undefined ? {} : { cross_entropy: ce.file }),
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
    largest_component: counts.largest_component,
    largest_step_share: share ?? { unmeasured: "the large SAE's MSE is not lower" },
    small_ce: at("first"),
    large_ce: at("last"),
    ce_change: ce === undefined ? without : estimated(ce.change, ce.changeInterval),
    ce_correlation: ce?.correlation === undefined ? without : estimated(ce.correlation, ce.interval)
  }
}, Effect.scoped)
