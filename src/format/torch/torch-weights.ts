/** A state dict in a file of PyTorch's (`pytorch_model.bin`) as named tensors. */
import * as Effect from "effect/Effect"
import type { VerifiedFile } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import type { WeightEntry, WeightTensors } from "../weight-tensors.ts"
import { isTensor, openTorchFile } from "./torch-file.ts"
import type { PickledTensor } from "./pickled-values.ts"

/**
 * @param path name of the file in its artifact, for messages
 * @param digest digest of the artifact, for messages
 */
export const openTorchWeights = Effect.fn("openTorchWeights")(function* (
  file: VerifiedFile,
  path: string,
  digest = ""
) {
  const fail = (detail: string) => new ArtifactError({ reason: "invalid", digest, path, detail })
  const { value, float32 } = yield* openTorchFile(file, path, digest)
  if (!(value instanceof Map)) return yield* fail("it holds no state dict: a dictionary of tensors by name")
  const tensors = new Map<string, PickledTensor>()
  for (const [name, item] of value) if (isTensor(item)) tensors.set(name, item)
  const entries = new Map<string, WeightEntry>()
  for (const [name, { storage, shape, stride, offset }] of tensors) {
    const place = `${path} ${storage.key} ${offset} ${stride.join()}`
    entries.set(name, { dtype: storage.dtype, shape, place })
  }
  const weights: WeightTensors = {
    entries,
    float32: (name) => {
      const tensor = tensors.get(name)
      return tensor === undefined ? Effect.fail(fail(`there is no tensor ${name}`)) : float32(tensor)
    }
  }
  return weights
})
