/** Makes tensors of a model's parameters: checked against the checkpoint, joined and turned as the forward pass wants. */
import * as Effect from "effect/Effect"
import * as tf from "@tensorflow/tfjs-core"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { PackedRows, WeightTensors } from "../format/weight-tensors.ts"
import type { ModelDescription } from "./decoder/architecture.ts"
import { ModelError } from "./decoder/model-error.ts"
import { type ParameterSource, sourcesOf, type StoredTensor } from "./blocks/parameter-source.ts"
import { halfMatrix } from "../tensor/kernels/half-products.ts"
import { quantizedMatrix } from "../tensor/kernels/quantized-matrix.ts"
import { compiledOpsLoaded } from "../tensor/tensorflow/compiled-ops.ts"
import { orderedRows } from "./row-order.ts"
import type { Fill, Filled, Matrix } from "./blocks/weights.ts"

const floats = new Set(["F32", "F16", "BF16", "F64"])

const problem = (text: string): ModelError => new ModelError({ reason: "weights", problem: text })

/** Tensors that checkpoints carry and no model uses: masks and frequencies that are computed. */
const needless = /\.(attn|attention)\.(attention\.)?(masked_)?bias$|rotary_emb\.inv_freq$/

/** Which block a tensor belongs to, what its name begins with in all blocks, and how it is called within. */
const blockOf = (name: string) => {
  const found = /^((?:.*\.)?(?:h|layers)\.)(\d+)\.(.*)$/.exec(name)
  return found === null
    ? undefined
    : { prefix: found[1] as string, number: Number(found[2]), within: found[3] as string }
}

/** What the names of blocks' tensors begin with, and the last block there is. */
const blocksOf = (names: ReadonlySet<string>) => {
  const blocks = [...names].flatMap((name) => blockOf(name) ?? [])
  return { known: blocks[0]?.prefix, last: Math.max(-1, ...blocks.map(({ number }) => number)) }
}

/** Numbers of blocks that the checkpoint holds beyond those of the parameters. */
export const unreadBlocks = (
  parameters: object,
  { entries }: Pick<WeightTensors, "entries">
): ReadonlyArray<number> => {
  const names = new Set(sourcesOf(parameters).flatMap(({ stored }) => stored.map(({ name }) => name)))
  const { known, last } = blocksOf(names)
  const beyond = [...entries.keys()].flatMap((name) => {
    const block = blockOf(name)
    return block !== undefined && block.prefix === known && block.number > last ? block.number : []
  })
  return [...new Set(beyond)].toSorted((a, b) => a - b)
}

/**
 * Checks, without reading the weights and without an engine, that every tensor is there in the shape that config.json
 * asks for, in a float type, and that the blocks hold no tensor that config.json knows nothing of.
 */
export const checkParameters = (
  parameters: object,
  weights: Pick<WeightTensors, "entries">,
  unused: ModelDescription["needless"]
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
  const { known, last } = blocksOf(used)
  for (const name of weights.entries.keys()) {
    const block = blockOf(name)
    if (block === undefined || block.prefix !== known || block.number > last) continue
    if (used.has(name) || needless.test(name) || unused?.(block.number, block.within) === true) continue
    return Effect.fail(problem(`tensor ${name} is in the checkpoint, but config.json describes a model without it`))
  }
  return Effect.void
}

/** What is meant of a stored tensor, [rows, columns], in the order that is wanted. */
const chosen = (
  values: Float32Array<ArrayBuffer>,
  stored: StoredTensor
): { readonly values: Float32Array; readonly rows: number } => {
  const width = stored.shape.length > 1 ? (stored.shape.at(-1) as number) : 1
  const ordered = orderedRows(values, stored, values.length / width)
  const { columns } = stored
  if (columns === undefined) return ordered
  const result = new Float32Array(ordered.rows * columns.count)
  for (let row = 0; row < ordered.rows; row++) {
    const from = row * width + columns.from
    for (let column = 0; column < columns.count; column++) {
      result[row * columns.count + column] = ordered.values[from + column * (columns.step ?? 1)] as number
    }
  }
  return { values: result, rows: ordered.rows }
}

/** Parts that are joined end to end, as the tensor that is wanted. */
const asTensor = (source: ParameterSource, parts: ReadonlyArray<{ values: Float32Array; rows: number }>): tf.Tensor => {
  if (source.rank === 1) {
    const joined = tf.concat1d(parts.map(({ values }) => tf.tensor1d(values)))
    const times = source.times === undefined ? joined : tf.mul(joined, source.times)
    return source.plus === undefined ? times : tf.add(times, source.plus)
  }
  const matrices = parts.map(({ values, rows }) => tf.tensor2d(values, [rows, values.length / rows]))
  const joined = tf.concat2d(matrices, source.transposed ? 0 : 1)
  return source.transposed ? tf.transpose(joined) : joined
}

const filled = (tree: unknown, tensors: ReadonlyMap<unknown, tf.Tensor | Matrix>): unknown => {
  if (typeof tree !== "object" || tree === null) return tree
  const tensor = tensors.get(tree)
  if (tensor !== undefined) return tensor
  if (Array.isArray(tree)) return tree.map((part) => filled(part, tensors))
  return Object.fromEntries(Object.entries(tree).map(([name, part]) => [name, filled(part, tensors)]))
}

export interface ReadParameters {
  /** Puts the tensors in the places of the parameters. */
  readonly fill: Fill
  readonly dispose: () => void
}

/** The source's matrix as the file has it; undefined where one of its parts is stored in f32, or as columns of a matrix. */
const readPacked = Effect.fnUntraced(function* (source: ParameterSource, weights: WeightTensors) {
  const parts: Array<PackedRows> = []
  for (const stored of source.stored) {
    const matrix =
      stored.columns === undefined ? yield* weights.packed?.(stored.name) ?? Effect.succeed(undefined) : undefined
    if (matrix === undefined) return undefined
    const { values, rows } = orderedRows(matrix.bytes, stored, matrix.rows)
    parts.push({ type: matrix.type, rows, bytes: values })
  }
  const columns = source.stored[0]?.shape.at(-1) as number
  return quantizedMatrix(parts, columns, source.rank === 2 && source.transposed)
})

export interface MatrixForms {
  /** Matrices that become bfloat16. */
  readonly halves: ReadonlySet<ParameterSource>
  /** Those that stay as the file has them, where it has their rows in a type of its own and operations of our own are there. */
  readonly packed: ReadonlySet<ParameterSource>
}

/**
 * Reads every parameter of a tree, in f32 but for `forms`. One that stands at two places (tied embeddings) becomes one tensor.
 * Nothing is left behind on failure.
 */
export const readParameters = (
  parameters: object,
  weights: WeightTensors,
  forms: MatrixForms
): Effect.Effect<ReadParameters, ModelError | ArtifactError> => {
  const tensors = new Map<unknown, tf.Tensor | Matrix>()
  const dispose = (): void => {
    for (const tensor of tensors.values()) tensor.dispose()
  }
  return Effect.gen(function* () {
    // Parameters that are cut out of one stored tensor come one after the other, so that it is read once.
    const nameOf = (source: ParameterSource): string => source.stored[0]?.name ?? ""
    const sources = sourcesOf(parameters).toSorted((a, b) =>
      nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0
    )
    let last: { readonly name: string; readonly values: Float32Array<ArrayBuffer> } | undefined
    for (const source of sources) {
      const packed = forms.packed.has(source) && compiledOpsLoaded() ? yield* readPacked(source, weights) : undefined
      if (packed !== undefined) {
        tensors.set(source, packed)
        continue
      }
      const parts: Array<{ values: Float32Array; rows: number }> = []
      for (const stored of source.stored) {
        if (last?.name !== stored.name) last = { name: stored.name, values: yield* weights.float32(stored.name) }
        parts.push(chosen(last.values, stored))
      }
      const tensor = tf.tidy(() => asTensor(source, parts))
      if (forms.halves.has(source)) {
        tensors.set(source, halfMatrix(tensor as tf.Tensor2D))
        tensor.dispose()
      } else tensors.set(source, tensor)
    }
    const fill: Fill = (tree) => filled(tree, tensors) as Filled<typeof tree>
    return { fill, dispose }
  }).pipe(Effect.onExit((exit) => Effect.sync(() => (exit._tag === "Failure" ? dispose() : undefined))))
}
