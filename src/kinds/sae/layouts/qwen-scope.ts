/**
 * Qwen Scope: one `layerN.sae.pt` a layer, with `W_enc` [d_sae, d_in], `W_dec` [d_in, d_sae], `b_enc`, `b_dec`. TopK; b_dec is
 * not subtracted from the input. k stands in the name of the repository alone: `SAE-Res-Qwen3-1.7B-Base-W32K-L0_50`.
 *
 * Source: SAELens 6.54.12 `qwen_scope_sae_huggingface_loader`.
 */
import * as Effect from "effect/Effect"
import type { SaeFolder } from "../files/sae-folder.ts"
import type { ReadOptions, SaeFormat } from "../files/sae-format.ts"
import { findStateDict, type StateDict, torchFiles } from "../files/state-dict.ts"
import { matrixShape, onlyTensors } from "../files/tensor-file.ts"
import { kProblem } from "../latents/latent-type.ts"
import { type StoredSae, storedProblem, transposed } from "../stored/stored-sae.ts"

const names = ["W_enc", "W_dec", "b_enc", "b_dec"]
const fileName = /^layer(\d+)\.sae\.pt$/

const find = (folder: SaeFolder) =>
  findStateDict(
    folder,
    (dict) => dict.has(names),
    torchFiles(folder).filter((name) => fileName.test(name))
  )

const readDict = Effect.fnUntraced(function* (dict: StateDict, { place = "" }: SaeFolder, options: ReadOptions) {
  yield* onlyTensors(dict, names)
  const [d_sae, d_in] = matrixShape(dict, "W_enc") ?? []
  if (d_sae === undefined || d_in === undefined) return yield* dict.fail("W_enc is no matrix")
  const [, model, named] = /SAE-Res-([^/]+)-W\d+K-L0_(\d+)/.exec(place) ?? []
  const k = options.k ?? (named === undefined ? undefined : Number(named))
  if (k === undefined) {
    return yield* dict.fail("the number of latents of a row stands in the name of its repository alone (L0_50): give k")
  }
  const badK = kProblem(k, d_sae)
  if (badK !== undefined) return yield* dict.fail(badK)
  const layer = fileName.exec(dict.path)?.[1]
  const stored: StoredSae = {
    d_in,
    d_out: d_in,
    d_sae,
    transcoder: false,
    W_enc: transposed(yield* dict.floats("W_enc", [d_sae, d_in]), d_sae, d_in),
    W_dec: transposed(yield* dict.floats("W_dec", [d_in, d_sae]), d_in, d_sae),
    b_dec: yield* dict.floats("b_dec", [d_in]),
    latents: { type: "topk", b_enc: yield* dict.floats("b_enc", [d_sae]), k, rescale: false, threshold: null },
    apply_b_dec_to_input: false,
    normalize: "none",
    W_skip: undefined,
    dtype: dict.dtype("W_enc"),
    metadata: {
      ...(model === undefined ? {} : { model_name: `Qwen/${model}` }),
      hook_name: `blocks.${layer}.hook_resid_post`
    },
    origin: { format: "qwen_scope", config: undefined }
  }
  const problem = storedProblem(stored)
  return problem === undefined ? stored : yield* dict.fail(problem)
})

const format: SaeFormat = {
  files: "layerN.sae.pt in a folder or repository SAE-Res-MODEL-W32K-L0_50",
  looks_inside: true,
  detect: (folder) => Effect.map(find(folder), (dict) => dict !== undefined),
  // Only called where it was detected.
  read: (folder, options = {}) => Effect.flatMap(find(folder), (dict) => readDict(dict as StateDict, folder, options)),
  keeps: []
}
export default format
