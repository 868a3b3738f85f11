/**
 * Goodfire: one `.pt` or `.pth` with the weights of `encoder_linear` and `decoder_linear`. ReLU; b_dec is not subtracted from
 * the input. The layer stands in the file's name: `Llama-3.1-8B-Instruct-SAE-l19.pth`.
 *
 * Source: SAELens 6.54.12 `get_goodfire_huggingface_loader`.
 */
import * as Effect from "effect/Effect"
import { readLinear, scaledToRows } from "../files/lm-saes.ts"
import type { SaeFolder } from "../files/sae-folder.ts"
import type { SaeFormat } from "../files/sae-format.ts"
import { findStateDict, type StateDict } from "../files/state-dict.ts"
import { matrixShape, onlyTensors } from "../files/tensor-file.ts"
import { type StoredSae, storedProblem } from "../stored/stored-sae.ts"

const find = (folder: SaeFolder) =>
  findStateDict(folder, (dict) => dict.has(["encoder_linear.weight", "decoder_linear.weight"]))

const readDict = Effect.fnUntraced(function* (dict: StateDict) {
  const [d_sae, d_in] = matrixShape(dict, "encoder_linear.weight") ?? []
  if (d_sae === undefined || d_in === undefined) return yield* dict.fail("encoder_linear.weight is no matrix")
  const linear = yield* readLinear(dict, d_in, d_sae, "_linear")
  yield* onlyTensors(dict, linear.names)
  const [, model, layer] = /^(.+)-SAE-l(\d+)\./.exec(dict.path) ?? []
  const stored: StoredSae = {
    ...scaledToRows(linear, 1),
    latents: { type: "relu", b_enc: linear.b_enc },
    metadata:
      layer === undefined ? {} : { model_name: `meta-llama/${model}`, hook_name: `blocks.${layer}.hook_resid_post` },
    origin: { format: "goodfire", config: undefined }
  }
  const problem = storedProblem(stored)
  return problem === undefined ? stored : yield* dict.fail(problem)
})

const format: SaeFormat = {
  files: "a .pt or .pth with encoder_linear and decoder_linear",
  looks_inside: true,
  detect: (folder) => Effect.map(find(folder), (dict) => dict !== undefined),
  // Only called where it was detected.
  read: (folder) => Effect.flatMap(find(folder), (dict) => readDict(dict as StateDict)),
  keeps: []
}
export default format
