/** Turns an opened LanguageModel artifact into a model that runs: architecture by name, weights checked and uploaded. */
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../kinds/language-model/language-model-handle.ts"
import type { WeightTensors } from "../format/weight-tensors.ts"
import type { Checkpoint } from "./blocks/part.ts"
import type { ModelConfig, ModelDescription } from "./decoder/architecture.ts"
import { checkKeys } from "./decoder/config-keys.ts"
import { ModelError } from "./decoder/model-error.ts"
import { findArchitecture } from "./find-architecture.ts"
import type { ModelInfo } from "./decoder/model-info.ts"
import { linearSources } from "./blocks/parameter-source.ts"
import type { Precision } from "./precision.ts"
import { locateHead } from "./locate-head.ts"
import { checkParameters, type MatrixForms, readParameters, unreadBlocks } from "./read-parameters.ts"
import { isRunnable, type ModelBody } from "./runnable-model.ts"

export interface DescribedModel extends ModelDescription {
  /** First of the class names in config.json's `architectures`. */
  readonly className: string | undefined
}

/** Fails with `ModelError` where the architecture, or what the configuration asks of it, is not implemented. */
export const describeModel = Effect.fn("describeModel")(function* (config: ModelConfig) {
  const architecture = yield* findArchitecture(config)
  yield* checkKeys(config, architecture.reads)
  const description = yield* architecture.describe(config)
  const names = config["architectures"]
  const className: unknown = Array.isArray(names) ? names[0] : undefined
  const described: DescribedModel = {
    ...description,
    className: typeof className === "string" ? className : undefined
  }
  return described
})

/** What config.json says, without the weights: enough to check a hook's name and width. */
export const modelInfo = Effect.fn("modelInfo")(function* (config: ModelConfig) {
  const { info } = yield* describeModel(config)
  return info satisfies ModelInfo
})

/** What stands before the names of a checkpoint's tensors: told by the embedding, or, where there is none, by any block. */
const prefixOf = ({ prefixes, embedding }: ModelDescription, names: Iterable<string>): string => {
  const all = [...names]
  const known = new Set(all)
  return (
    prefixes.find((prefix) => known.has(prefix + embedding)) ??
    prefixes.find((prefix) =>
      all.some((name) => /^(h|layers)\.\d/.test(name.slice(prefix.length)) && name.startsWith(prefix))
    ) ??
    prefixes[0] ??
    ""
  )
}

/** Where all parameters of a model stand in a checkpoint. */
const locate = (description: DescribedModel, weights: Pick<WeightTensors, "entries">) => {
  const prefix = prefixOf(description, weights.entries.keys())
  const checkpoint: Checkpoint = { has: (name) => weights.entries.has(name), name: (name) => prefix + name }
  const own = description.parameters(checkpoint)
  const { embedding, unembedding, warning, twins } = locateHead(description, own.embedding, prefix, weights)
  return {
    parameters: {
      model: { ...own, embedding, unembedding },
      blocks: description.blocks.map(({ attention, mlp, after }) => ({
        attention: attention.locate(checkpoint),
        mlp: mlp.locate(checkpoint),
        after: after?.locate(checkpoint)
      }))
    },
    warning,
    twins
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
  const description = yield* describeModel(config)
  yield* checkParameters(locate(description, weights).parameters, weights, description.needless)
})

/** What people should know of a model whose weights fit: where its config.json is not taken at its word. */
export const modelWarnings = Effect.fn("modelWarnings")(function* (config: ModelConfig, weights: WeightTensors) {
  const description = yield* describeModel(config)
  const { parameters, warning, twins } = locate(description, weights)
  const warnings = [...description.warnings, ...(warning === undefined ? [] : [warning])]
  const unread = unreadBlocks(parameters, weights)
  if (unread.length > 0) {
    const named = `${unread.length === 1 ? "block" : "blocks"} ${unread.join(", ")}`
    warnings.push(`the checkpoint holds ${named} beyond those that config.json knows of: they are left out`)
  }
  if (twins === undefined) return warnings
  const [one, other] = [yield* weights.float32(twins.names[0]), yield* weights.float32(twins.names[1])]
  return one.every((value, i) => value === other[i]) ? warnings : [...warnings, twins.differs]
})

/** Embeddings and matrices that are stored [out, in], row by row, can stay as the file has them; in bf16 those of the blocks cannot. */
const matrixForms = ({ model, blocks }: ReturnType<typeof locate>["parameters"], precision: Precision): MatrixForms => {
  const linear = linearSources(blocks)
  const { embedding, unembedding } = model
  const rows = [...linear].filter((source) => precision === "f32" && source.transposed)
  return {
    halves: precision === "f32" ? new Set() : linear,
    packed: new Set([...rows, embedding, ...(unembedding === undefined ? [] : [unembedding])])
  }
}

/**
 * Loads the weights into the engine of this process: matrices as a quantized file has them, all else in f32; or those of the blocks'
 * matrix products in bfloat16. They are freed when the scope closes.
 *
 * Fails with `ModelError` where tensors do not fit the description.
 */
export const loadDescribed = Effect.fn("loadDescribed")(function* (
  description: DescribedModel,
  weights: LanguageModelHandle["weights"],
  precision: Precision = "f32"
) {
  const loaded = Effect.gen(function* () {
    const tensors = yield* weights
    const { parameters } = locate(description, tensors)
    yield* checkParameters(parameters, tensors, description.needless)
    const { fill, dispose } = yield* readParameters(parameters, tensors, matrixForms(parameters, precision))
    const model: ModelBody = {
      ...description,
      weights: fill(parameters.model),
      blocks: parameters.blocks.map(({ attention, mlp, after }) => ({
        attention: attention.bind(fill),
        mlp: mlp.bind(fill),
        after: after?.bind(fill)
      })),
      needsBeginning: description.blocks.some((block) =>
        [block.attention, block.mlp, block.after].some((part) => part?.needsBeginning === true)
      ),
      breaks: (from, to) => {
        for (const [layer, { attention, mlp, after }] of description.blocks.entries()) {
          const reason = [attention, mlp, after].map((part) => part?.breaks?.(from, to)).find(Boolean)
          if (reason !== undefined) return `layer ${layer}: ${reason}`
        }
        return undefined
      },
      dispose
    }
    return model
  })
  return yield* Effect.acquireRelease(Effect.scoped(loaded), (model) => Effect.sync(model.dispose))
})

export type Loadable = Pick<LanguageModelHandle, "config" | "weights">

/**
 * As `loadDescribed`, from config.json: enough for activations, which a model without a head has, too. Fails with
 * `ModelError` where the architecture is not implemented, too.
 */
export const loadBody = Effect.fn("loadBody")(function* (handle: Loadable, precision?: Precision) {
  return yield* loadDescribed(yield* describeModel(handle.config), handle.weights, precision)
})

/** As `loadBody`; fails for a model that gives no logits. */
export const loadModel = Effect.fn("loadModel")(function* (handle: Loadable) {
  const model = yield* loadBody(handle)
  if (isRunnable(model)) return model
  return yield* new ModelError({
    reason: "weights",
    problem: "the model gives no logits: its checkpoint has no head, and config.json says that its embedding is none",
    remedy: "Its activations can be captured. For logits, give the checkpoint of the whole language model."
  })
})
