/** The stage finetune-sae: an SAE trained on for what the model does with its reconstruction. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { requireModelOf, requireReads } from "../../activations/fit.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { writeStoredSae } from "../../kinds/sae/write-sae.ts"
import { openModel } from "../../model/open-model.ts"
import type { Opened } from "../../stage/input.ts"
import { formatParamProblem } from "../../stage/param-problem.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { architectures } from "../architectures.ts"
import { loadTrainingRows } from "../rows/load-training-rows.ts"
import { trainingRequest } from "../training-request.ts"
import { type FinetuneOptions, finetuneSae } from "../training/finetune-sae.ts"
import { trainingRecord } from "../training/training-record.ts"

interface FinetuneParams extends FinetuneOptions {
  /** Null: what the SAE was trained as. */
  readonly architecture: string | null
  readonly steps: number
  readonly lr: number
  readonly clip: number
  /** Null: that of the SAE's training. */
  readonly sparsity_coefficient: number | null
  readonly seed: number
}

interface FinetuneInputs {
  readonly sae: Opened<SaeHandle>
  readonly activations: Opened<ActivationsHandle>
  readonly model: Opened<LanguageModelHandle>
}

export const finetuneStage = Effect.fn("finetuneStage")(function* ({
  inputs,
  params,
  output,
  progress,
  checkpoint,
  log
}: StageContext<FinetuneParams, unknown, FinetuneInputs>) {
  const [sae, activations] = [inputs.sae.value, inputs.activations.value]
  yield* requireModelOf(activations, inputs.model.value)
  yield* requireReads(sae, activations)
  const stored = yield* sae.stored
  const { type } = stored.latents
  const named =
    architectures.get(params.architecture ?? sae.architecture) ?? architectures.get(type === "relu" ? "standard" : type)
  if (named === undefined) {
    return yield* stageFailed(`an SAE with ${type} latents cannot be trained further here`)
  }
  const kept = named.endToEnd?.map((name) => [name, sae.training?.[name]] as const) ?? []
  const decoded = trainingRequest({
    architecture: named.name,
    preset: "none",
    d_sae: sae.d_sae,
    steps: params.steps,
    seed: params.seed,
    batch_rows: params.contexts * activations.context_size,
    lr: params.lr,
    clip: params.clip,
    apply_b_dec_to_input: stored.apply_b_dec_to_input,
    k: sae.k,
    ...("sparsity_warmup" in named.options ? { sparsity_warmup: 0 } : {}),
    ...Object.fromEntries(kept),
    ...(params.sparsity_coefficient === null ? {} : { sparsity_coefficient: params.sparsity_coefficient })
  })
  if (Result.isFailure(decoded)) {
    return yield* stageFailed(decoded.failure.map(formatParamProblem).join("\n"))
  }
  const options = decoded.success
  const model = yield* openModel(inputs.model.value)
  const rows = yield* loadTrainingRows(activations)
  const { objective, mse_coefficient, contexts } = params
  const trained = yield* finetuneSae(
    model,
    activations,
    rows,
    stored,
    options,
    { objective, mse_coefficient, contexts },
    { progress, checkpoint }
  )
  const { outcome, curve } = trained
  const losses = curve["loss"] as Float64Array
  const first = losses.subarray(0, Math.max(1, Math.floor(losses.length / 10)))
  const loss_before = first.reduce((sum, loss) => sum + loss / first.length, 0)
  log(
    `${objective} ${loss_before.toFixed(4)} -> ${outcome.loss.toFixed(4)}, ` +
      `explained variance ${outcome.explained_variance.toFixed(4)}, L0 ${outcome.l0.toFixed(1)}`
  )
  const info = {
    architecture: named.name,
    k: sae.k,
    hook: activations.hook,
    model: activations.model,
    activations: activations.digest,
    rows: sae.rows,
    training: {
      ...trainingRecord(trained),
      objective,
      mse_coefficient,
      contexts,
      init: sae.digest
    }
  }
  const metadata = { ...stored.metadata, hook_name: activations.hook, training_architecture: named.name }
  yield* writeStoredSae(output, { ...trained.stored, metadata }, info, curve)
  return {
    explained_variance: outcome.explained_variance,
    l0: outcome.l0,
    loss: outcome.loss,
    dead_fraction: outcome.dead_latents / sae.d_sae,
    loss_before
  }
})
