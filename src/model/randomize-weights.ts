/**
 * A model's weights drawn anew: every tensor from a normal distribution with that tensor's own mean and standard deviation, so
 * that what a trained model computes is gone and its scales stay. What an SAE of such a model shows, it does not show of
 * language ("re-randomised" of Heap et al., arXiv 2501.17727).
 */
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import type { ArtifactWriter } from "../artifact/artifact.ts"
import { encodeSafetensors, type SafetensorsTensor } from "../format/safetensors.ts"
import type { WeightEntry, WeightTensors } from "../format/weight-tensors.ts"
import * as Rng from "../random/rng.ts"

/** Positions and masks that old checkpoints hold are no weights. */
const isWhole = ({ dtype, quantized }: WeightEntry): boolean =>
  quantized !== true && /^(i\d|u\d|int|uint|bool|long|short|byte)/i.test(dtype)

/** A normal sample with the mean and the standard deviation of these numbers. */
const normalLike = (values: Float32Array, rng: Rng.Rng): Float32Array<ArrayBuffer> => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  const deviation = Math.sqrt(variance)
  // Not `Float32Array.from`, which first makes a list of all numbers: too long a one for an embedding of 167 million.
  const drawn = new Float32Array(values.length)
  const block = new Float64Array(2 ** 16)
  for (let start = 0; start < drawn.length; start += block.length) {
    const part = block.subarray(0, Math.min(block.length, drawn.length - start))
    rng.normals(part)
    for (let i = 0; i < part.length; i++) drawn[start + i] = mean + deviation * part[i]!
  }
  return drawn
}

/** A tensor larger than this stands in a file of its own. */
const shardBytes = 1 << 30

const shardsOf = (
  names: ReadonlyArray<string>,
  bytesOf: (name: string) => number,
  most: number
): ReadonlyArray<ReadonlyArray<string>> => {
  const shards: Array<Array<string>> = []
  let held = Number.POSITIVE_INFINITY
  for (const name of names) {
    if (held + bytesOf(name) > most) {
      shards.push([])
      held = 0
    }
    shards.at(-1)?.push(name)
    held += bytesOf(name)
  }
  return shards
}

const shardName = (n: number, of: number): string =>
  of === 1
    ? "model.safetensors"
    : `model-${String(n + 1).padStart(5, "0")}-of-${String(of).padStart(5, "0")}.safetensors`

/**
 * Writes `model.safetensors`, or shards and their index, in f32. Two tensors that hold the same numbers (a head tied to the
 * embedding) hold the same ones afterwards.
 *
 * @param most bytes of a shard: as much is held in memory at once
 */
export const writeRandomWeights = Effect.fn("writeRandomWeights")(function* (
  output: ArtifactWriter,
  weights: WeightTensors,
  seed: number,
  most = shardBytes
) {
  const shapeOf = (name: string): ReadonlyArray<number> => weights.entries.get(name)?.shape ?? []
  const bytesOf = (name: string): number => shapeOf(name).reduce((product, n) => product * n, 4)
  const names = [...weights.entries].flatMap(([name, entry]) => (isWhole(entry) ? [] : [name])).toSorted()
  const drawnAs = new Map<string, string>()
  const draw = Effect.fnUntraced(function* (name: string) {
    const values = yield* weights.float32(name)
    const content = createHash("sha256").update(values).digest("hex")
    const stream = drawnAs.get(content) ?? name
    drawnAs.set(content, stream)
    return normalLike(values, Rng.make(seed, `random weights of ${stream}`))
  })
  const shards = shardsOf(names, bytesOf, most)
  for (const [n, members] of shards.entries()) {
    const tensors: Record<string, SafetensorsTensor> = {}
    for (const name of members) tensors[name] = { dtype: "F32", shape: shapeOf(name), data: yield* draw(name) }
    yield* output.write(shardName(n, shards.length), encodeSafetensors(tensors))
  }
  if (shards.length === 1) return
  const place = shards.flatMap((members, n) => members.map((name) => [name, shardName(n, shards.length)] as const))
  yield* output.writeJson("model.safetensors.index.json", {
    metadata: { total_size: names.reduce((sum, name) => sum + bytesOf(name), 0) },
    weight_map: Object.fromEntries(place)
  })
})
