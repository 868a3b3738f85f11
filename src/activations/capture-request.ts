/** From what the stage kind is given to what `captureActivations` takes: hooks and texts checked, models loaded once. */
import * as Effect from "effect/Effect"
import { activationsRowBytes, type ActivationDtype } from "../kinds/activations/activations-columns.ts"
import type { LanguageModelHandle } from "../kinds/language-model/language-model-handle.ts"
import type { TokensHandle } from "../kinds/tokens/tokens-handle.ts"
import { findHook } from "../model/hook-name.ts"
import { modelInfo } from "../model/load-model.ts"
import { openBody } from "../model/open-model.ts"
import type { ModelInfo } from "../model/decoder/model-info.ts"
import type { ModelBody } from "../model/runnable-model.ts"
import type { Opened } from "../stage/input.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { Precision } from "../model/precision.ts"
import { multipliesHalves } from "../tensor/kernels/half-products.ts"
import type { Capture } from "./capture-member.ts"
import type { HookOfModel } from "./hook-pass.ts"
import { firstValues, relativeDifference } from "./precision-difference.ts"
import { requireSpace } from "./require-space.ts"
import { sizesApart, sizeText } from "../words/size-text.ts"

export interface CaptureParams {
  readonly hook: string
  readonly held_out_fraction: number
  readonly seed: number
  readonly dtype: ActivationDtype
  /** 0: no token is left out for its norm. */
  readonly outlier_factor: number
  readonly mask_hooks: ReadonlyArray<string>
  readonly materialize: boolean
  readonly precision: Precision
}

export interface CaptureInputs {
  readonly model: Opened<LanguageModelHandle>
  readonly tokens: Opened<TokensHandle>
  readonly mask_models: ReadonlyArray<Opened<LanguageModelHandle>>
}

/** Largest index of a token, which the files hold in 32 bits. */
const mostTokens = 2 ** 31 - 1

const refused = (error: { readonly message: string }) => stageFailed(error.message)

/** Width of a hook that holds a vector for each token. */
const widthOf = Effect.fnUntraced(function* (name: string, info: ModelInfo) {
  const hook = findHook(name, info)
  if (typeof hook === "string") return yield* stageFailed(hook, "Set hook to one of these.")
  if (hook.perToken) return hook.width
  return yield* stageFailed(`${name} holds no vector for each token`, "Set hook to another one.")
})

const checkTokens = Effect.fnUntraced(function* (
  { value: tokens }: Opened<TokensHandle>,
  model: Opened<LanguageModelHandle>,
  info: ModelInfo
) {
  if (tokens.contexts === 0)
    return yield* stageFailed("the text has no contexts", "Give more text, or shorter contexts.")
  if (tokens.tokenizer !== model.value.tokenizerDigest) {
    return yield* stageFailed(
      "the text was tokenized with another tokenizer than the model's",
      "Load the text with this model."
    )
  }
  if (tokens.context_size > info.n_ctx) {
    return yield* stageFailed(
      `contexts of ${tokens.context_size} tokens exceed the model's ${info.n_ctx}`,
      "Load the text with shorter contexts."
    )
  }
  const count = tokens.contexts * tokens.context_size
  if (count > mostTokens) return yield* stageFailed(`${count} tokens are more than ${mostTokens}`, "Load less text.")
})

/** What models take beside their weights: one pass of 2048 tokens, record batches, the engine itself. */
const besideWeights = 2 ** 29

/** Logs what the capture takes, and fails before the first pass where the memory or the disk has not as much. */
const requireRoom = Effect.fnUntraced(function* (
  models: ReadonlyArray<Opened<LanguageModelHandle>>,
  disk: number,
  { output, log }: { readonly output: { readonly directory: string }; readonly log: (line: string) => void },
  tokens: number
) {
  let memory = besideWeights
  for (const { value } of models) {
    const { entries } = yield* Effect.scoped(value.weights)
    for (const { shape } of entries.values()) memory += 4 * shape.reduce((product, n) => product * n, 1)
  }
  const free = process.availableMemory()
  const [wanted, there] = sizesApart(memory, free)
  log(`takes about ${wanted} of memory and ${sizeText(disk)} of disk for ${tokens} tokens; ${there} of memory are free`)
  yield* requireSpace(output.directory, disk, `activations of ${tokens} tokens`)
  if (memory <= free) return
  return yield* stageFailed(
    `${models.length === 1 ? "the model takes" : `the ${models.length} models take`} about ${wanted} of memory, ${there} are free`,
    models.length === 1 ? "Use a machine with more memory." : "Capture fewer models at once."
  )
})

/** All members are of one text. Models are freed with the scope. */
export const captureRequests = Effect.fn("captureRequests")(function* (
  members: ReadonlyArray<StageContext<CaptureParams, unknown, CaptureInputs>>
) {
  const [first] = members as readonly [(typeof members)[number]]
  const { tokens } = first.inputs
  const known = new Map<string, { readonly model: Opened<LanguageModelHandle>; readonly info: ModelInfo }>()
  const captures: Array<Capture> = []
  let bytes = 0
  for (const { params, inputs, output, checkpoint, progress, log } of members) {
    const all = [inputs.model, ...inputs.mask_models]
    for (const model of all) {
      if (known.has(model.artifact.digest)) continue
      const info = yield* modelInfo(model.value.config).pipe(Effect.mapError(refused))
      yield* checkTokens(tokens, model, info)
      known.set(model.artifact.digest, { model, info })
    }
    const infoOf = (model: Opened<LanguageModelHandle>) => known.get(model.artifact.digest)?.info as ModelInfo
    const d_in = yield* widthOf(params.hook, infoOf(inputs.model))
    const maskHooks = params.mask_hooks.length === 0 ? [params.hook] : params.mask_hooks
    const mask: Array<HookOfModel> = []
    for (const model of all) {
      for (const hook of maskHooks) {
        yield* widthOf(hook, infoOf(model))
        mask.push({ model: model.artifact.digest, hook })
      }
    }
    if (params.materialize) {
      bytes += tokens.value.contexts * tokens.value.context_size * activationsRowBytes(d_in, params.dtype)
    }
    captures.push({
      hook: params.hook,
      d_in,
      model: inputs.model.artifact,
      outlier_factor: params.outlier_factor === 0 ? null : params.outlier_factor,
      mask,
      dtype: params.dtype,
      precision: params.precision,
      materialize: params.materialize,
      held_out_fraction: params.held_out_fraction,
      seed: params.seed,
      output,
      checkpoint,
      progress,
      log
    })
  }
  const rows = tokens.value.contexts * tokens.value.context_size
  yield* requireRoom(
    [...known.values()].map(({ model }) => model),
    bytes,
    first,
    rows
  )
  const { precision } = first.params
  const open = Effect.fnUntraced(function* (wanted: Precision) {
    const models = new Map<string, ModelBody>()
    for (const [digest, { model }] of known) models.set(digest, yield* openBody(model.value, wanted))
    return models
  })
  if (precision === "f32") return { models: yield* open("f32"), captures, tokens, differences: undefined }
  if (first.engine.name !== "tensorflow") {
    return yield* stageFailed(
      `precision ${precision} is of the engine tensorflow, not of ${first.engine.name}`,
      "Set precision: f32, or PIPELINE_ENGINE=tensorflow."
    )
  }
  if (!multipliesHalves(first.engine)) {
    first.log(
      `this CPU (${first.engine.isa}) does not multiply bfloat16 by itself: precision ${precision} takes longer than f32 here, and spares memory alone`
    )
  }
  const hooks = captures.map(({ hook, model }) => ({ model: model.digest, hook }))
  // Those in f32 are gone before the others are loaded.
  const exact = yield* Effect.scoped(Effect.flatMap(open("f32"), (models) => firstValues(models, hooks, tokens.value)))
  const models = yield* open(precision)
  const rounded = yield* firstValues(models, hooks, tokens.value)
  return { models, captures, tokens, differences: hooks.map((hook) => relativeDifference(exact, rounded, hook)) }
})
