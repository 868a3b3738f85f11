/** Named tensors of a file, with the checks that all readers share: what must be there, in which shape, and nothing else. */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import { openSafetensors } from "../../../format/safetensors.ts"
import type { Floats, StoredDtype } from "../stored/stored-sae.ts"
import type { SaeFolder } from "./sae-folder.ts"

export interface TensorFile {
  readonly path: string
  readonly names: ReadonlyArray<string>
  readonly fail: (detail: string) => ArtifactError
  readonly shape: (name: string) => ReadonlyArray<number> | undefined
  /** The tensor as f32, its shape checked. */
  readonly floats: (name: string, shape: ReadonlyArray<number>) => Effect.Effect<Floats, ArtifactError>
  readonly dtype: (name: string) => StoredDtype
}

export const storedDtypes: Readonly<Record<string, StoredDtype>> = {
  F32: "float32",
  BF16: "bfloat16",
  F16: "float16",
  F64: "float64"
}

/** Why a tensor is not what is wanted. */
export const shapeProblem = (
  name: string,
  found: ReadonlyArray<number> | undefined,
  wanted: ReadonlyArray<number>
): string | undefined =>
  found === undefined
    ? `there is no tensor ${name}`
    : String(found) === String(wanted)
      ? undefined
      : `${name} is [${found.join(", ")}], not [${wanted.join(", ")}]`

/** Fails where the file holds a tensor beyond these: nothing says what it would change. */
export const onlyTensors = (file: Pick<TensorFile, "names" | "fail">, known: ReadonlyArray<string>) => {
  const unknown = file.names.filter((name) => !known.includes(name))
  return unknown.length === 0
    ? Effect.void
    : Effect.fail(
        file.fail(
          `it holds ${unknown.slice(0, 4).join(", ")}${unknown.length > 4 ? ", ..." : ""}, which ${unknown.length === 1 ? "is" : "are"} not known here and may change what the SAE computes`
        )
      )
}

export const openTensorFile = Effect.fn("openTensorFile")(function* (folder: SaeFolder, path: string) {
  const fail = (detail: string) => new ArtifactError({ reason: "invalid", digest: folder.digest, path, detail })
  if (!folder.names.includes(path)) return yield* fail("there is no such file")
  const tensors = yield* openSafetensors(yield* folder.open(path), path, folder.digest)
  const file: TensorFile = {
    path,
    names: [...tensors.entries.keys()],
    fail,
    shape: (name) => tensors.entries.get(name)?.shape,
    floats: (name, wanted) => {
      const problem = shapeProblem(name, tensors.entries.get(name)?.shape, wanted)
      return problem === undefined ? tensors.float32(name) : Effect.fail(fail(problem))
    },
    dtype: (name) => storedDtypes[tensors.entries.get(name)?.dtype as string] ?? "float32"
  }
  return file
})

/** Rows and columns of a matrix, or undefined. */
export const matrixShape = (file: TensorFile, name: string): readonly [number, number] | undefined => {
  const shape = file.shape(name)
  return shape?.length === 2 ? (shape as unknown as readonly [number, number]) : undefined
}
