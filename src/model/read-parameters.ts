/** Makes tensors of a model's parameters: checked against the checkpoint, joined and turned as the forward pass wants. */
import * as Effect from "effect/Effect"
import * as tf from "@tensorflow/tfjs-core"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { WeightTensors } from "../format/weight-tensors.ts"
import { ModelError } from "./decoder/model-error.ts"
import { type MatrixSource, type ParameterSource, sourcesOf, type VectorSource } from "./blocks/parameter-source.ts"
import type { ModelParameters, ModelWeights } from "./blocks/weights.ts"

const floats = new Set(["F32", "F16", "BF16", "F64"])

const problem = (text: string): ModelError => new ModelError({ reason: "weights", problem: text })

/** Tensors that checkpoints carry and no model uses: masks and frequencies that are computed. */
const needless = /\.(attn|attention)\.(attention\.)?(masked_)?bias$|rotary_emb\.inv_freq$/

/**
 * Checks, without reading the weights and without an engine, that every tensor is there in the shape that config.json
 * asks for, in a float type, and that the blocks hold no tensor that config.json knows nothing of.
 */
export const checkParameters = (
  parameters: ModelParameters,
  weights: Pick<WeightTensors, "entries">
): Effect.Effect<void, ModelError> => {
  const used = new Set<string>()
  for (const { stored } of sourcesOf(parameters)) {
    for (const { name, shape } of stored) {
      const entry = weights.entries.get(name)
      if (entry === undefined) return Effect.fail(problem(`there is no tensor ${name}`))
      if (entry.shape.join() !== shape.join()) {
        return Effect.fail(
          problem(`tensor ${name} has shape [${entry.shape.join(", ")}], config.json asks for [${shape.join(", ")}]`)
        )
      }
      if (entry.quantized !== true && !floats.has(entry.dtype)) {
        return Effect.fail(problem(`tensor ${name} is ${entry.dtype}, not a float`))
      }
      used.add(name)
    }
  }
  const block = /^(.*\.)?(h|layers)\.0\./.exec([...used].find((name) => /(^|\.)(h|layers)\.0\./.test(name)) ?? "")
  const prefix = block === null ? undefined : `${block[1] ?? ""}${block[2] as string}.`
  for (const name of weights.entries.keys()) {
    if (prefix !== undefined && name.startsWith(prefix) && !used.has(name) && !needless.test(name)) {
      return Effect.fail(problem(`tensor ${name} is in the checkpoint, but config.json describes a model without it`))
    }
  }
  return Effect.void
}

const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((a, b) => a * b, 1)

const asVector = ({ stored, interleaved, plus }: VectorSource, values: ReadonlyArray<Float32Array>): tf.Tensor1D => {
  const parts = values.map((part) => tf.tensor1d(part))
  const joined = parts.length === 1 ? (parts[0] as tf.Tensor1D) : tf.concat1d(parts)
  const size = stored.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  const ordered =
    interleaved === undefined
      ? joined
      : tf.reshape<tf.Rank.R1>(
          tf.transpose(
            tf.reshape(joined, [interleaved.heads, interleaved.parts, size / interleaved.heads / interleaved.parts]),
            [1, 0, 2]
          ),
          [size]
        )
  return plus === undefined ? ordered : tf.add(ordered, plus)
}

const asMatrix = (source: MatrixSource, values: ReadonlyArray<Float32Array>): tf.Tensor2D => {
  const { stored, transposed, interleaved } = source
  const parts = values.map((part, i) => tf.tensor2d(part, stored[i]?.shape as [number, number]))
  const joined = parts.length === 1 ? (parts[0] as tf.Tensor2D) : tf.concat2d(parts, transposed ? 0 : 1)
  if (!transposed) return joined
  if (interleaved === undefined) return tf.transpose(joined)
  const { heads, parts: count } = interleaved
  const [rows, columns] = joined.shape
  const turned = tf.transpose(tf.reshape(joined, [heads, count, rows / heads / count, columns]), [3, 1, 0, 2])
  return tf.reshape(turned, [columns, rows])
}

/** A tensor made of a parameter's stored parts. Parts are read one by one; what they are joined from is freed. */
const readParameter = Effect.fnUntraced(function* (source: ParameterSource, weights: WeightTensors) {
  const values: Array<Float32Array> = []
  for (const { name } of source.stored) values.push(yield* weights.float32(name))
  return tf.tidy((): tf.Tensor => (source.rank === 1 ? asVector(source, values) : asMatrix(source, values)))
})

const filled = (tree: unknown, tensors: ReadonlyMap<unknown, tf.Tensor>): unknown => {
  if (typeof tree !== "object" || tree === null) return tree
  const tensor = tensors.get(tree)
  if (tensor !== undefined) return tensor
  if (Array.isArray(tree)) return tree.map((part) => filled(part, tensors))
  return Object.fromEntries(Object.entries(tree).map(([name, part]) => [name, filled(part, tensors)]))
}

export interface ReadParameters {
  readonly weights: ModelWeights
  readonly dispose: () => void
}

/** A parameter that stands at two places (tied embeddings) becomes one tensor. Nothing is left behind on failure. */
export const readParameters = (
  parameters: ModelParameters,
  weights: WeightTensors
): Effect.Effect<ReadParameters, ModelError | ArtifactError> => {
  const tensors = new Map<unknown, tf.Tensor>()
  const dispose = (): void => {
    for (const tensor of tensors.values()) tensor.dispose()
  }
  return Effect.gen(function* () {
    yield* checkParameters(parameters, weights)
    for (const source of sourcesOf(parameters)) tensors.set(source, yield* readParameter(source, weights))
    return { weights: filled(parameters, tensors) as ModelWeights, dispose }
  }).pipe(Effect.onExit((exit) => Effect.sync(() => (exit._tag === "Failure" ? dispose() : undefined))))
}
