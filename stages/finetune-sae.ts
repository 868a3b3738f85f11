/** Trains an SAE on for what the model does with its reconstruction: KL divergence or cross-entropy, end to end. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Activations } from "../src/kinds/activations/activations.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { architectureFile, architectures } from "../src/sae/architectures.ts"
import { trainingMetrics } from "../src/sae/training/training-params.ts"
import { trainingRecord } from "../src/sae/training/training-record.ts"
import { trainingRequest } from "../src/sae/training-request.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"
import { formatParamProblem } from "../src/stage/param-problem.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

export default Stage.make("finetune-sae", {
  summary:
    "Trains an SAE on for the model's KL divergence or cross-entropy with the reconstruction in place (end to end)",
  inputs: {
    sae: Stage.one(Sae, "the SAE to go on from: topk, batch_topk, standard, p_anneal or jumprelu"),
    activations: Stage.one(Activations, "activations of its hook: their training contexts are run through the model"),
    model: Stage.one(LanguageModel, "the model that they are of")
  },
  params: {
    objective: Param.choice(["kl", "ce"], {
      default: "kl",
      description: "kl: divergence from the model as it is; ce: next-token cross-entropy (Braun et al. 2024)"
    }),
    mse_coefficient: Param.number({
      default: 0,
      minimum: 0,
      description: "weight of the reconstruction loss, as a fraction of variance, beside the objective"
    }),
    steps: Param.integer({ default: 200, minimum: 1, unit: "steps", description: "training steps" }),
    contexts: Param.integer({ default: 8, minimum: 1, unit: "contexts", description: "contexts a step" }),
    lr: Param.number({ default: 1e-4, minimum: 0, description: "peak learning rate of Adam" }),
    clip: Param.number({
      default: 1,
      minimum: 0,
      description: "largest norm of the gradient of all parameters together"
    }),
    sparsity_coefficient: Param.number({
      default: null,
      minimum: 0,
      description: "weight of the sparsity penalty of standard, p_anneal and jumprelu; null: that of the SAE's training"
    }),
    seed: Param.integer({ default: 0, description: "seed of the order of contexts" })
  },
  output: Sae,
  metrics: {
    ...trainingMetrics,
    loss_before: { better: "neither", tolerance: 0.02, description: "the loss of the first tenth of the steps" }
  },
  engine: true,
  isolation: "process",
  // Which one it is, the SAE says.
  code: () => [...architectures.values()].filter(({ endToEnd }) => endToEnd !== undefined).map(architectureFile),
  run: ({ inputs, params, output, progress, checkpoint, log }) =>
    Effect.gen(function* () {
      const { finetuneSae } = yield* Effect.promise(() => import("../src/sae/training/finetune-sae.ts"))
      const { loadModel } = yield* Effect.promise(() => import("../src/model/load-model.ts"))
      const { loadTrainingRows } = yield* Effect.promise(() => import("../src/sae/rows/load-training-rows.ts"))
      const { writeStoredSae } = yield* Effect.promise(() => import("../src/kinds/sae/write-sae.ts"))
      const [sae, activations] = [inputs.sae.value, inputs.activations.value]
      if (activations.model !== inputs.model.artifact.digest) {
        return yield* stageFailed(
          "the activations are of another model than the one given",
          "Give the model that the activations were captured from."
        )
      }
      if (sae.hook !== null && sae.hook !== activations.hook) {
        return yield* stageFailed(
          `the SAE was trained at ${sae.hook}, the activations are of ${activations.hook}`,
          "Give activations of the SAE's hook."
        )
      }
      const stored = yield* sae.stored
      const { type } = stored.latents
      const named = architectures.get(sae.architecture) ?? architectures.get(type === "relu" ? "standard" : type)
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
      const model = yield* loadModel(inputs.model.value).pipe(
        Effect.mapError((error) => (error._tag === "ModelError" ? stageFailed(error.message) : error))
      )
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
          sparsity_warmup: 0,
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
})
