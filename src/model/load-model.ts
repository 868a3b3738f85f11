/** Turns an opened LanguageModel artifact into a model that runs: architecture by name, weights checked and uploaded. */
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../kinds/language-model/language-model.ts"
import type { WeightTensors } from "../format/weight-tensors.ts"
import type { Checkpoint } from "./blocks/part.ts"
import type { ModelConfig, ModelDescription } from "./decoder/architecture.ts"
import { findArchitecture } from "./find-architecture.ts"
import type { ModelInfo } from "./decoder/model-info.ts"
import { checkParameters, readParameters } from "./read-parameters.ts"
import type { RunnableModel } from "./runnable-model.ts"

/** Fails with `ModelError` where the architecture, or what the configuration asks of it, is not implemented. */
export const describeModel = Effect.fn("describeModel")(function* (config: ModelConfig) {
  const architecture = yield* findArchitecture(config)
  return yield* architecture.describe(config)
})

/** What config.json says, without the weights: enough to check a hook's name and width. */
export const modelInfo = Effect.fn("modelInfo")(function* (config: ModelConfig) {
  const { info } = yield* describeModel(config)
  return info satisfies ModelInfo
})

/** Where all parameters of a model stand in a checkpoint. */
const locate = (
  { blocks, embedding, parameters, prefixes }: ModelDescription,
  weights: Pick<WeightTensors, "entries">
) => {
  const prefix = prefixes.find((text) => weights.entries.has(text + embedding)) ?? prefixes[0] ?? ""
  const checkpoint: Checkpoint = { has: (name) => weights.entries.has(name), name: (name) => prefix + name }
  return {
    model: parameters(checkpoint),
    blocks: blocks.map(({ attention, mlp }) => ({
      attention: attention.locate(checkpoint),
      mlp: mlp.locate(checkpoint)
    }))
  }
}

/**
 * Checks, without reading the weights and without an engine, that every tensor is there in the shape that config.json
 * asks for, in a float type.
 */
export const checkWeights = Effect.fn("checkWeights")(function* (
  config: ModelConfig,
  weights: Pick<WeightTensors, "entries">
) {
  yield* checkParameters(locate(yield* describeModel(config), weights), weights)
})

/**
 * Loads the weights into the engine of this process, in f32. They are freed when the scope closes.
 *
 * Fails with `ModelError` where tensors do not fit the description.
 */
export const loadDescribed = Effect.fn("loadDescribed")(function* (
  description: ModelDescription,
  weights: LanguageModelHandle["weights"]
) {
  const loaded = Effect.gen(function* () {
    const tensors = yield* weights
    const located = locate(description, tensors)
    yield* checkParameters(located, tensors)
    const { fill, dispose } = yield* readParameters(located, tensors)
    const model: RunnableModel = {
      ...description,
      weights: fill(located.model),
      blocks: located.blocks.map(({ attention, mlp }) => ({ attention: attention.bind(fill), mlp: mlp.bind(fill) })),
      dispose
    }
    return model
  })
  return yield* Effect.acquireRelease(Effect.scoped(loaded), (model) => Effect.sync(model.dispose))
})

/** As `loadDescribed`, from config.json. Fails with `ModelError` where the architecture is not implemented, too. */
export const loadModel = Effect.fn("loadModel")(function* (handle: Pick<LanguageModelHandle, "config" | "weights">) {
  return yield* loadDescribed(yield* describeModel(handle.config), handle.weights)
})
