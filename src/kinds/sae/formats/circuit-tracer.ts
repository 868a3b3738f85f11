/**
 * Transcoders as circuit-tracer reads them (mwhanna/qwen3-*-transcoders): one `layer_N.safetensors` a layer with `W_enc`
 * [d_sae, d_in], `W_dec` [d_sae, d_out], `b_enc`, `b_dec`, and where there are some `activation_function.threshold` [d_sae]
 * (JumpReLU, else ReLU) and `W_skip` [d_out, d_in]. b_dec is not subtracted from the input.
 *
 * Source: circuit-tracer 0.5.0 `load_relu_transcoder`; SAELens 6.54.12 `mwhanna_transcoder_huggingface_loader`.
 */
import * as Effect from "effect/Effect"
import { encodeSafetensors } from "../../../format/safetensors.ts"
import type { SaeFolder } from "../files/sae-folder.ts"
import type { SaeFormat } from "../files/sae-format.ts"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import { matrixShape, onlyTensors, openTensorFile } from "../files/tensor-file.ts"
import { latentType } from "../latents/latents.ts"
import { cannotWrite, isRefused, type SaeRefused } from "../latents/sae-refused.ts"
import { type StoredSae, storedProblem, transposed } from "../stored/stored-sae.ts"

const fileName = /^layer_(\d+)\.safetensors$/

const thresholdName = "activation_function.threshold"

const filesOf = (folder: SaeFolder) => folder.names.filter((name) => fileName.test(name))

const read = Effect.fnUntraced(function* (folder: SaeFolder) {
  const [path = "layer_0.safetensors", ...others] = filesOf(folder)
  if (others.length > 0) {
    const detail = `${others[0]} beside it is a transcoder, too; give one of the files instead of the folder`
    return yield* new ArtifactError({ reason: "invalid", digest: folder.digest, path, detail })
  }
  const file = yield* openTensorFile(folder, path)
  yield* onlyTensors(file, ["W_enc", "W_dec", "b_enc", "b_dec", thresholdName, "W_skip"])
  const [encoder, decoder] = [matrixShape(file, "W_enc"), matrixShape(file, "W_dec")]
  if (encoder === undefined || decoder === undefined) return yield* file.fail("W_enc and W_dec are no matrices")
  const [d_sae, d_in] = encoder
  const d_out = decoder[1]
  if (d_sae === d_in) return yield* file.fail("W_enc is square, so nothing says which of its axes are the latents")
  const layer = fileName.exec(path)?.[1]
  const b_enc = yield* file.floats("b_enc", [d_sae])
  const stored: StoredSae = {
    d_in,
    d_out,
    d_sae,
    transcoder: true,
    W_enc: transposed(yield* file.floats("W_enc", [d_sae, d_in]), d_sae, d_in),
    W_dec: yield* file.floats("W_dec", [d_sae, d_out]),
    b_dec: yield* file.floats("b_dec", [d_out]),
    latents: file.names.includes(thresholdName)
      ? { type: "jumprelu", b_enc, threshold: yield* file.floats(thresholdName, [d_sae]) }
      : { type: "relu", b_enc },
    apply_b_dec_to_input: false,
    normalize: "none",
    W_skip: file.names.includes("W_skip") ? yield* file.floats("W_skip", [d_out, d_in]) : undefined,
    dtype: file.dtype("W_enc"),
    metadata: { hook_name: `blocks.${layer}.mlp.hook_in`, hook_name_out: `blocks.${layer}.hook_mlp_out` },
    origin: { format: "circuit_tracer", config: undefined }
  }
  const problem = storedProblem(stored)
  return problem === undefined ? stored : yield* file.fail(problem)
})

const write = (sae: StoredSae): ReadonlyMap<string, Uint8Array<ArrayBuffer>> | SaeRefused => {
  const { d_in, d_out, d_sae, latents, metadata } = sae
  if (!sae.transcoder) return cannotWrite("circuit-tracer reads transcoders, this is an autoencoder")
  if (d_in !== d_out) {
    return cannotWrite(
      `a transcoder of circuit-tracer has one width, this one reads ${d_in} numbers and writes ${d_out}`
    )
  }
  const { hook_name: reads, hook_name_out: gives } = metadata
  const [, layer] = /^blocks\.(\d+)\.mlp\.hook_in$/.exec(String(reads)) ?? []
  if (layer === undefined || (gives !== undefined && gives !== `blocks.${layer}.hook_mlp_out`)) {
    return cannotWrite(
      `a layer_N.safetensors goes from blocks.N.mlp.hook_in to blocks.N.hook_mlp_out; this one goes from ${String(reads)} to ${String(gives)}`
    )
  }
  if (sae.apply_b_dec_to_input) {
    return cannotWrite("transcoders of circuit-tracer do not subtract b_dec from the input, this one does")
  }
  if (sae.normalize !== "none")
    return cannotWrite(`circuit-tracer does not normalise rows; this one needs ${sae.normalize}`)
  const { thresholds } = latentType(latents)
  const own = latents.type === "relu" ? latents : thresholds?.(latents, d_sae)
  if (own === undefined) return cannotWrite(`circuit-tracer has ReLU and JumpReLU, not ${latents.type} latents`)
  if (isRefused(own)) return own
  const tensor = (shape: ReadonlyArray<number>, data: Float32Array) => ({ dtype: "F32", shape, data }) as const
  const bytes = encodeSafetensors({
    W_enc: tensor([d_sae, d_in], transposed(sae.W_enc, d_in, d_sae)),
    W_dec: tensor([d_sae, d_out], sae.W_dec),
    b_enc: tensor([d_sae], own.b_enc),
    b_dec: tensor([d_out], sae.b_dec),
    ...("threshold" in own ? { [thresholdName]: tensor([d_sae], own.threshold) } : {}),
    ...(sae.W_skip === undefined ? {} : { W_skip: tensor([d_out, d_in], sae.W_skip) })
  })
  return new Map([[`layer_${layer}.safetensors`, bytes]])
}

const format: SaeFormat = {
  files: "layer_N.safetensors",
  detect: (folder) => Effect.succeed(filesOf(folder).length > 0),
  read,
  write,
  keeps: ["hook_name", "hook_name_out"],
  loses: ({ latents }) => [
    ...("k" in latents && latents.k !== null ? ["k"] : []),
    ...("groups" in latents && latents.groups !== null ? ["the sizes of its Matryoshka groups"] : [])
  ]
}
export default format
