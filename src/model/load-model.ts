/** Turns an opened LanguageModel artifact into a model that runs: architecture by name, weights checked and uploaded. */
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../kinds/language-model/language-model.ts"
import type { WeightTensors } from "../format/weight-tensors.ts"
import type { ModelConfig } from "./decoder/architecture.ts"
import { findArchitecture } from "./find-architecture.ts"
import type { ModelInfo } from "./decoder/model-info.ts"
import { checkParameters, readParameters } from "./read-parameters.ts"
import type { RunnableModel } from "./runnable-model.ts"

export { architectureNames } from "./find-architecture.ts"

const describe = (config: ModelConfig) =>
  Effect.flatMap(findArchitecture(config), (architecture) => architecture.describe(config))

/** What config.json says, without the weights: enough to check a hook's name and width. */
export const modelInfo = Effect.fn("modelInfo")(function* (config: ModelConfig) {
  const { info } = yield* describe(config)
  return info satisfies ModelInfo
})

/**
 * Checks, without reading the weights and without an engine, that every tensor is there in the shape that config.json
 * asks for, in a float type.
 */
export const checkWeights = Effect.fn("checkWeights")(function* (
  config: ModelConfig,
  weights: Pick<WeightTensors, "entries">
) {
  const { parameters } = yield* describe(config)
  yield* checkParameters(
    parameters((name) => weights.entries.has(name)),
    weights
  )
})

/**
 * Loads the weights into the engine of this process, in f32. They are freed when the scope closes.
 *
 * Fails with `ModelError` where the architecture is not implemented or tensors do not fit config.json.
 */
export const loadModel = Effect.fn("loadModel")(function* (handle: Pick<LanguageModelHandle, "config" | "weights">) {
  const description = yield* describe(handle.config)
  const loaded = Effect.gen(function* () {
    const tensors = yield* handle.weights
    const read = yield* readParameters(
      description.parameters((name) => tensors.entries.has(name)),
      tensors
    )
    const model: RunnableModel = { ...description, ...read }
    return model
  })
  return yield* Effect.acquireRelease(Effect.scoped(loaded), (model) => Effect.sync(model.dispose))
})
