/** The tensors of a PyTorch state dict by name, with the checks that readers of such files share. */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import type { SaeFolder } from "./sae-folder.ts"
import type { Floats, StoredDtype } from "../stored/stored-sae.ts"
import { isTensor, openTorchFile } from "../../../format/torch/torch-file.ts"
import type { Pickled, PickledTensor } from "../../../format/torch/torch-pickle.ts"

export interface StateDict {
  readonly path: string
  readonly entries: ReadonlyMap<string, Pickled>
  readonly fail: (detail: string) => ArtifactError
  /** Whether exactly these names are there, besides any that start with one of `beside`. */
  readonly has: (names: ReadonlyArray<string>) => boolean
  readonly shape: (name: string) => ReadonlyArray<number> | undefined
  /** The tensor as f32, its shape checked. */
  readonly floats: (name: string, shape: ReadonlyArray<number>) => Effect.Effect<Floats, ArtifactError>
  /** A scalar tensor of any type, or a plain number. */
  readonly number: (name: string) => Effect.Effect<number, ArtifactError>
  readonly integers: (name: string) => Effect.Effect<ReadonlyArray<number>, ArtifactError>
  readonly dtype: (name: string) => StoredDtype
}

const dtypes: Readonly<Record<string, StoredDtype>> = {
  F32: "float32",
  BF16: "bfloat16",
  F16: "float16",
  F64: "float64"
}

/** PyTorch files of the folder itself, by their endings. */
export const torchFiles = (folder: SaeFolder): ReadonlyArray<string> =>
  folder.names.filter((name) => /^[^/]*\.(pt|pth|bin)$/.test(name))

export const openStateDict = Effect.fn("openStateDict")(function* (folder: SaeFolder, path: string) {
  const fail = (detail: string) => new ArtifactError({ reason: "invalid", digest: folder.digest, path, detail })
  const file = yield* openTorchFile(yield* folder.open(path), path, folder.digest)
  if (!(file.value instanceof Map)) return yield* fail("it is no state dict")
  const entries = file.value as ReadonlyMap<string, Pickled>
  const tensor = (name: string): Effect.Effect<PickledTensor, ArtifactError> => {
    const value = entries.get(name)
    return isTensor(value) ? Effect.succeed(value) : Effect.fail(fail(`there is no tensor ${name}`))
  }
  const shape = (name: string): ReadonlyArray<number> | undefined => {
    const value = entries.get(name)
    return isTensor(value) ? value.shape : undefined
  }
  const result: StateDict = {
    path,
    entries,
    fail,
    has: (names) => names.every((name) => entries.has(name)),
    shape,
    floats: Effect.fnUntraced(function* (name, wanted) {
      const found = yield* tensor(name)
      if (String(found.shape) !== String(wanted)) {
        return yield* fail(`${name} is [${found.shape.join(", ")}], not [${wanted.join(", ")}]`)
      }
      return yield* file.float32(found)
    }),
    number: Effect.fnUntraced(function* (name) {
      const value = entries.get(name)
      if (typeof value === "number") return value
      const found = yield* tensor(name)
      if (found.shape.reduce((product, n) => product * n, 1) !== 1) return yield* fail(`${name} is not one number`)
      const values = found.storage.dtype in dtypes ? yield* file.float32(found) : yield* file.integers(found)
      return values[0] as number
    }),
    integers: (name) => Effect.flatMap(tensor(name), file.integers),
    dtype: (name) => {
      const value = entries.get(name)
      return (isTensor(value) ? dtypes[value.storage.dtype] : undefined) ?? "float32"
    }
  }
  return result
})
