/** Turns an opened LanguageModel artifact into a model that runs: architecture by name, weights checked and uploaded. */
import * as Effect from "effect/Effect"
import * as tf from "@tensorflow/tfjs-core"
import type { LanguageModelHandle } from "../artifact/language-model.ts"
import type { Safetensors } from "../artifact/safetensors.ts"
import type { Architecture, ParameterReader } from "./architecture.ts"
import { gpt2 } from "./architectures/gpt2.ts"
import { ModelError } from "./model-error.ts"
import type { ModelInfo } from "./model-info.ts"
import type { RunnableModel } from "./run-model.ts"

const architectures: ReadonlyArray<Architecture> = [gpt2]

export const architectureNames: ReadonlyArray<string> = architectures.map(({ name }) => name)

type Config = Readonly<Record<string, unknown>>

const findArchitecture = Effect.fnUntraced(function* (config: Config) {
  const name = config["model_type"]
  const found = architectures.find((architecture) => architecture.name === name)
  if (found !== undefined) return found
  return yield* new ModelError({
    reason: "architecture",
    problem:
      typeof name === "string"
        ? `models of the architecture ${name} cannot be run yet`
        : "config.json has no model_type, so the architecture is not known",
    remedy: `Architectures that can be run: ${architectureNames.join(", ")}.`
  })
})

/** What config.json says, without the weights: enough to check a hook's name and width. */
export const modelInfo = Effect.fn("modelInfo")(function* (config: Config) {
  const architecture = yield* findArchitecture(config)
  const { info } = yield* architecture.describe(config)
  return info satisfies ModelInfo
})

const checkedEntry = Effect.fnUntraced(function* (weights: Safetensors, name: string, shape: ReadonlyArray<number>) {
  const entry = weights.entries.get(name)
  if (entry === undefined) return yield* new ModelError({ reason: "weights", problem: `there is no tensor ${name}` })
  if (entry.shape.join() !== shape.join()) {
    return yield* new ModelError({
      reason: "weights",
      problem: `tensor ${name} has shape [${entry.shape.join(", ")}], config.json asks for [${shape.join(", ")}]`
    })
  }
  if (!["F32", "F16", "BF16", "F64"].includes(entry.dtype)) {
    return yield* new ModelError({ reason: "weights", problem: `tensor ${name} is ${entry.dtype}, not a float` })
  }
  return entry
})

const parameterReader = (weights: Safetensors): ParameterReader => ({
  has: (name) => weights.entries.has(name),
  read: Effect.fnUntraced(function* <R extends tf.Rank>(name: string, shape: tf.ShapeMap[R]) {
    yield* checkedEntry(weights, name, shape)
    return tf.tensor<R>(yield* weights.float32(name), shape)
  })
})

/**
 * Checks, without reading the weights and without an engine, that every tensor is there in the shape that config.json
 * asks for, in a float type.
 */
export const checkWeights = Effect.fn("checkWeights")(function* (config: Config, weights: Safetensors) {
  const architecture = yield* findArchitecture(config)
  const description = yield* architecture.describe(config)
  const nothing = { shape: [] } as unknown as tf.Tensor
  const reader: ParameterReader = {
    has: (name) => weights.entries.has(name),
    read: Effect.fnUntraced(function* <R extends tf.Rank>(name: string, shape: tf.ShapeMap[R]) {
      yield* checkedEntry(weights, name, shape)
      return nothing as tf.Tensor<R>
    })
  }
  yield* architecture.weights(description, reader)
})

/** Every tensor of the weights, the shared ones once. */
const tensorsOf = (value: unknown): Set<tf.Tensor> => {
  const found = new Set<tf.Tensor>()
  const visit = (item: unknown): void => {
    if (item instanceof tf.Tensor) found.add(item)
    else if (typeof item === "object" && item !== null) for (const part of Object.values(item)) visit(part)
  }
  visit(value)
  return found
}

/**
 * Loads the weights into the engine of this process, in f32. They are freed when the scope closes.
 *
 * Fails with `ModelError` where the architecture is not implemented or tensors do not fit config.json.
 */
export const loadModel = Effect.fn("loadModel")(function* (handle: Pick<LanguageModelHandle, "config" | "weights">) {
  const architecture = yield* findArchitecture(handle.config)
  const description = yield* architecture.describe(handle.config)
  const loaded = Effect.gen(function* () {
    const safetensors = yield* handle.weights
    const weights = yield* architecture.weights(description, parameterReader(safetensors))
    const dispose = (): void => {
      for (const tensor of tensorsOf(weights)) tensor.dispose()
    }
    const model: RunnableModel = { ...description, weights, dispose }
    return model
  })
  return yield* Effect.acquireRelease(Effect.scoped(loaded), (model) => Effect.sync(model.dispose))
})
