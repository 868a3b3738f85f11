/** The stage sparse-probe: SAEs of one model, which answers the same prompts for all of a hook. */
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model.ts"
import { type ProbingFile, probingFileName } from "../../kinds/probing.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import { findHook } from "../../model/hook-name.ts"
import { openModel } from "../../model/open-model.ts"
import * as Rng from "../../random/rng.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import { brownTagged } from "../../source/builtin/brown-tagged.ts"
import type { Opened } from "../../stage/input.ts"
import { withIntervals } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { encodeLatents } from "../latent-codes.ts"
import { basisFeatures, latentFeatures } from "./features.ts"
import { probeTasks } from "./probe-tasks.ts"
import { promptRows } from "../prompt-rows.ts"
import { wordPrompts } from "../word-prompts.ts"
import { wordTasks } from "./word-tasks.ts"

type Context = StageContext<
  { readonly hook: string | null; readonly words_per_document: number; readonly seed: number },
  unknown,
  { readonly sae: Opened<SaeHandle>; readonly model: Opened<LanguageModelHandle> }
>

/** Documents that are tested on. */
const testShare = 0.4

/** @param contexts of one model and one set of parameters */
export const sparseProbeStage = Effect.fnUntraced(function* (contexts: ReadonlyArray<Context>) {
  const [first] = contexts as readonly [Context]
  const language = first.inputs.model.value
  const model = yield* openModel(language)
  const tokenizer = yield* openTokenizer(language.tokenizer)
  const { seed, words_per_document: count } = first.params
  const prompts = wordPrompts(brownTagged(), count, Rng.make(seed, "probing words"))
  const texts = prompts.map(({ text }) => tokenizer.encode(text))
  const rowsAt = new Map<string, Float32Array>()
  return yield* Effect.forEach(contexts, ({ inputs, params, output, progress, log }) =>
    Effect.gen(function* () {
      const sae = inputs.sae.value
      const hook = params.hook ?? sae.hook
      if (hook === null) return yield* stageFailed("the SAE does not say which hook it reads", "Set hook.")
      const point = findHook(hook, model.info)
      if (typeof point === "string") return yield* stageFailed(point)
      if (point.shape.length !== 1 || point.width !== sae.d_in) {
        return yield* stageFailed(
          `${hook} gives [${point.shape.join(", ")}] a token, the SAE reads rows of ${sae.d_in} numbers`,
          "Give an SAE of this model's hook."
        )
      }
      const total = texts.length + wordTasks.length
      const x = rowsAt.get(hook) ?? promptRows(model, hook, texts, (done) => progress({ done, total, unit: "texts" }))
      rowsAt.set(hook, x)
      const tensors = yield* openSaeModel(yield* sae.anyWeights)
      const features = { latents: latentFeatures(encodeLatents(x, tensors)), basis: basisFeatures(x, sae.d_in) }
      const result = probeTasks(prompts, wordTasks, features, { seed, testShare }, (done) =>
        progress({ done: texts.length + done, total, unit: "texts" })
      )
      if (result.tasks.length === 0) {
        return yield* stageFailed("no task has enough words", "Raise words_per_document.")
      }
      for (const name of result.leftOut) log(`left out: ${name}, of which there are too few words`)
      const file: ProbingFile = {
        format: 1,
        sae: sae.digest,
        model: language.digest,
        hook,
        d_sae: sae.d_sae,
        documents: result.documents,
        tasks: result.tasks,
        left_out: result.leftOut
      }
      yield* output.writeJson(probingFileName, file)
      const { means } = result
      const metrics = {
        auc_k1: means["auc_latents_k1"]!,
        auc_k16: means["auc_latents_k16"]!,
        auc_basis_k1: means["auc_basis_k1"]!,
        auc_basis_k16: means["auc_basis_k16"]!,
        auc_shuffled_k1: means["auc_shuffled_k1"]!,
        auc_shuffled_k16: means["auc_shuffled_k16"]!,
        gain_k1: means["gain_k1"]!,
        gain_k16: means["gain_k16"]!
      }
      const { intervals: found } = result
      const intervals = { ...found, auc_k1: found["auc_latents_k1"], auc_k16: found["auc_latents_k16"] }
      return { ...withIntervals(metrics, intervals), tasks: result.tasks.length }
    }).pipe(Effect.scoped)
  )
})
