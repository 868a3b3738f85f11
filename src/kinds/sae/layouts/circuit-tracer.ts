/**
 * Transcoders as circuit-tracer reads them (mwhanna/qwen3-*-transcoders): one `layer_N.safetensors` a layer with `W_enc`
 * [d_sae, d_in], `W_dec` [d_sae, d_out], `b_enc`, `b_dec`. ReLU; b_dec is not subtracted from the input.
 *
 * Source: SAELens 6.54.12 `mwhanna_transcoder_huggingface_loader`.
 */
import * as Effect from "effect/Effect"
import type { SaeFolder } from "../files/sae-folder.ts"
import type { SaeFormat } from "../files/sae-format.ts"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import { matrixShape, onlyTensors, openTensorFile } from "../files/tensor-file.ts"
import { type StoredSae, storedProblem, transposed } from "../stored/stored-sae.ts"

const fileName = /^layer_(\d+)\.safetensors$/

const filesOf = (folder: SaeFolder) => folder.names.filter((name) => fileName.test(name))

const read = Effect.fnUntraced(function* (folder: SaeFolder) {
  const [path = "layer_0.safetensors", ...others] = filesOf(folder)
  if (others.length > 0) {
    const detail = `${others[0]} beside it is a transcoder, too; give one of the files instead of the folder`
    return yield* new ArtifactError({ reason: "invalid", digest: folder.digest, path, detail })
  }
  const file = yield* openTensorFile(folder, path)
  yield* onlyTensors(file, ["W_enc", "W_dec", "b_enc", "b_dec"])
  const [encoder, decoder] = [matrixShape(file, "W_enc"), matrixShape(file, "W_dec")]
  if (encoder === undefined || decoder === undefined) return yield* file.fail("W_enc and W_dec are no matrices")
  const [d_sae, d_in] = encoder
  const d_out = decoder[1]
  if (d_sae === d_in) return yield* file.fail("W_enc is square, so nothing says which of its axes are the latents")
  const layer = fileName.exec(path)?.[1]
  const stored: StoredSae = {
    d_in,
    d_out,
    d_sae,
    transcoder: true,
    W_enc: transposed(yield* file.floats("W_enc", [d_sae, d_in]), d_sae, d_in),
    W_dec: yield* file.floats("W_dec", [d_sae, d_out]),
    b_dec: yield* file.floats("b_dec", [d_out]),
    latents: { type: "relu", b_enc: yield* file.floats("b_enc", [d_sae]) },
    apply_b_dec_to_input: false,
    normalize: "none",
    W_skip: undefined,
    dtype: file.dtype("W_enc"),
    metadata: { hook_name: `blocks.${layer}.mlp.hook_in`, hook_name_out: `blocks.${layer}.hook_mlp_out` },
    origin: { format: "circuit_tracer", config: undefined }
  }
  const problem = storedProblem(stored)
  return problem === undefined ? stored : yield* file.fail(problem)
})

const format: SaeFormat = {
  files: "layer_N.safetensors",
  detect: (folder) => Effect.succeed(filesOf(folder).length > 0),
  read,
  keeps: []
}
export default format
