/** The tensors of a PyTorch state dict by name, with the checks that readers of such files share. */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import { isTensor, openTorchFile } from "../../../format/torch/torch-file.ts"
import type { Pickled, PickledTensor } from "../../../format/torch/pickled-values.ts"
import type { SaeFolder } from "./sae-folder.ts"
import { shapeProblem, storedDtypes, type TensorFile } from "./tensor-file.ts"

export interface StateDict extends TensorFile {
  readonly entries: ReadonlyMap<string, Pickled>
  /** Whether all these names are there. */
  readonly has: (names: ReadonlyArray<string>) => boolean
  /** A scalar tensor of any type, or a plain number. */
  readonly number: (name: string) => Effect.Effect<number, ArtifactError>
  readonly integers: (name: string) => Effect.Effect<ReadonlyArray<number>, ArtifactError>
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
    names: [...entries.keys()],
    entries,
    fail,
    has: (names) => names.every((name) => entries.has(name)),
    shape,
    floats: Effect.fnUntraced(function* (name, wanted) {
      const found = yield* tensor(name)
      const problem = shapeProblem(name, found.shape, wanted)
      return problem === undefined ? yield* file.float32(found) : yield* fail(problem)
    }),
    number: Effect.fnUntraced(function* (name) {
      const value = entries.get(name)
      if (typeof value === "number") return value
      const found = yield* tensor(name)
      if (found.shape.reduce((product, n) => product * n, 1) !== 1) return yield* fail(`${name} is not one number`)
      const values = found.storage.dtype in storedDtypes ? yield* file.float32(found) : yield* file.integers(found)
      return values[0] as number
    }),
    integers: (name) => Effect.flatMap(tensor(name), file.integers),
    dtype: (name) => {
      const value = entries.get(name)
      return (isTensor(value) ? storedDtypes[value.storage.dtype] : undefined) ?? "float32"
    }
  }
  return result
})

/**
 * The one of the folder's PyTorch files that `is` true of; fails where several are, and where none is because one cannot be
 * read.
 */
export const findStateDict = Effect.fn("findStateDict")(function* (
  folder: SaeFolder,
  is: (dict: StateDict) => boolean,
  files: ReadonlyArray<string> = torchFiles(folder)
) {
  let found: StateDict | undefined
  let unreadable: ArtifactError | undefined
  for (const path of files) {
    const dict = yield* Effect.catch(openStateDict(folder, path), (error) => {
      unreadable ??= error
      return Effect.succeed(undefined)
    })
    if (dict === undefined || !is(dict)) continue
    if (found !== undefined) {
      return yield* dict.fail(`${found.path} beside it is an SAE, too; give one of the files instead of the folder`)
    }
    found = dict
  }
  if (found === undefined && unreadable !== undefined) return yield* unreadable
  return found
})
