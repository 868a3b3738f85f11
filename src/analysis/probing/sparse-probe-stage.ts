/** The stage sparse-probe: SAEs of one model, which answers the same questions for all of a hook. */
import * as Effect from "effect/Effect"
import { requireModelOf } from "../../activations/fit.ts"
import { toldIntervals } from "../../artifact/intervals.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import { type ProbingFile, probingFileName } from "../../kinds/probing.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { findHook } from "../../model/hook-name.ts"
import { openModel } from "../../model/open-model.ts"
import * as Rng from "../../random/rng.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import type { Opened } from "../../stage/input.ts"
import { withIntervals } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { encodeLatents } from "../latent-codes.ts"
import { basisFeatures, latentFeatures } from "./features.ts"
import type { ProbeSettings } from "./probe-params.ts"
import { mostTrainingRows, type ProbeOptions, probeTasks } from "./probe-tasks.ts"
import { questionRows } from "./question-rows.ts"
import { wordRows } from "./word-rows.ts"

interface ProbeParams extends ProbeOptions {
  readonly hook: string | null
  readonly words_per_document: number
  readonly rows: number
}

type Context = StageContext<
  ProbeParams,
  unknown,
  {
    readonly sae: Opened<SaeHandle>
    readonly model: Opened<LanguageModelHandle>
    readonly activations: Opened<ActivationsHandle> | undefined
  },
  ProbeSettings
>

/** @param contexts of one model, one set of parameters, and the same activations or none */
export const sparseProbeStage = Effect.fnUntraced(function* (contexts: ReadonlyArray<Context>) {
  const [first] = contexts as readonly [Context]
  const { params, settings, inputs } = first
  const language = inputs.model.value
  const model = yield* openModel(language)
  const tokenizer = yield* openTokenizer(language.tokenizer)
  const activations = inputs.activations?.value
  if (activations !== undefined) yield* requireModelOf(activations, language)
  const { questions } = settings
  const asked =
    activations === undefined
      ? undefined
      : yield* questionRows(activations, questions, tokenizer, {
          rows: params.rows,
          most: mostTrainingRows / 2,
          rng: Rng.make(params.seed, "probed rows")
        })
  const words =
    activations === undefined ? wordRows(model, tokenizer, params.words_per_document, params.seed) : undefined
  return yield* Effect.forEach(contexts, (context) =>
    Effect.gen(function* () {
      const { output, progress, log } = context
      const sae = context.inputs.sae.value
      const hook = params.hook ?? activations?.hook ?? sae.hook
      if (hook === null) return yield* stageFailed("the SAE does not say which hook it reads", "Set hook.")
      if (activations !== undefined && hook !== activations.hook) {
        return yield* stageFailed(`hook is ${hook}, the activations are of ${activations.hook}`, "Leave hook out.")
      }
      const point = findHook(hook, model.info)
      if (typeof point === "string") return yield* stageFailed(point)
      if (point.shape.length !== 1 || point.width !== sae.d_in) {
        return yield* stageFailed(
          `${hook} gives [${point.shape.join(", ")}] a token, the SAE reads rows of ${sae.d_in} numbers`,
          "Give an SAE of this model's hook."
        )
      }
      const most = params.ks.at(-1)!
      if (most > Math.min(sae.d_in, sae.d_sae)) {
        return yield* stageFailed(
          `ks has ${most}; there are ${sae.d_sae} latents, and ${sae.d_in} numbers of the activation`,
          "Lower it."
        )
      }
      const tasks = words?.tasks ?? questions.map(({ name }, q) => ({ name, answers: asked!.answers[q]! }))
      const texts = words?.texts ?? 0
      const total = texts + tasks.length
      const x = asked?.x ?? words!.rows(hook, (done) => progress({ done, total, unit: "texts" }))
      const { document, heldOut } = (asked ?? words)!
      const tensors = yield* openSaeModel(yield* sae.anyWeights)
      const features = { latents: latentFeatures(encodeLatents(x, tensors)), basis: basisFeatures(x, sae.d_in) }
      const result = probeTasks(document, heldOut, tasks, features, params, (done) =>
        progress({ done: texts + done, total, unit: "texts" })
      )
      if (result.tasks.length === 0) {
        return yield* stageFailed(
          `too few rows of both answers: ${result.leftOut.join(", ")}`,
          words === undefined ? "Give more text, raise rows, or ask what is less rare." : "Raise words_per_document."
        )
      }
      for (const name of result.leftOut) log(`left out: ${name}, of which there are too few rows of both answers`)
      const file: ProbingFile = {
        format: 1,
        sae: sae.digest,
        model: language.digest,
        hook,
        d_sae: sae.d_sae,
        ranking: params.ranking,
        documents: result.documents,
        tasks: result.tasks.map((task) => {
          const question = questions.find(({ name }) => name === task.name)
          return question === undefined ? task : { ...task, question }
        }),
        means: result.means,
        intervals: toldIntervals(
          Object.fromEntries(Object.keys(result.means).map((name) => [name, result.intervals[name]]))
        ),
        left_out: result.leftOut
      }
      yield* output.writeJson(probingFileName, file)
      return { ...withIntervals(result.means, result.intervals), tasks: result.tasks.length }
    }).pipe(Effect.scoped)
  )
})
