/**
 * EleutherAI sparsify: `cfg.json` and `sae.safetensors` with `encoder.weight`, `encoder.bias`, `W_dec`, `b_dec` and, with
 * `skip_connection`, `W_skip`. TopK and GroupMax; `signed` of earlier versions chooses by magnitude. b_dec is subtracted from
 * the input unless it transcodes.
 *
 * Source: eai-sparsify 1.3.3 `sparse_coder.py`, `config.py`, `fused_encoder.py`; `signed`: its versions before 1.0.
 */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import { encodeSafetensors } from "../../../format/safetensors.ts"
import { canonicalJson } from "../../../json/canonical-json.ts"
import { type ConfigKeys, keyProblem, keysBeside } from "../files/config-keys.ts"
import { readJsonObject, type SaeFolder } from "../files/sae-folder.ts"
import { onlyTensors, openTensorFile } from "../files/tensor-file.ts"
import { kProblem } from "../latents/latent-type.ts"
import { allLatentTypes, latentType } from "../latents/latents.ts"
import type { SaeFormat } from "../files/sae-format.ts"
import { type StoredLatents, type StoredSae, storedProblem, transposed } from "../stored/stored-sae.ts"
import { showGiven } from "../../../words/show-given.ts"
import { cannotWrite, isRefused, type SaeRefused } from "../latents/sae-refused.ts"

const configName = "cfg.json"
const weightsName = "sae.safetensors"

/** sparsify's own defaults, for what a configuration leaves out. */
const defaults = {
  activation: "topk",
  expansion_factor: 32,
  normalize_decoder: true,
  num_latents: 0,
  k: 32,
  multi_topk: false,
  skip_connection: false,
  transcode: false
}

const keys: ConfigKeys = {
  read: [
    "activation",
    "signed",
    "k",
    "num_latents",
    "expansion_factor",
    "skip_connection",
    "transcode",
    "d_in",
    // Of training: the decoder is saved as it is.
    "normalize_decoder",
    "multi_topk"
  ],
  harmless: ["init_b_dec_as_zeros"]
}

const read = Effect.fnUntraced(function* (folder: SaeFolder) {
  const config = yield* readJsonObject(folder, configName)
  const wrong = (detail: string) =>
    new ArtifactError({ reason: "invalid", digest: folder.digest, path: configName, detail })
  const unknown = keyProblem(config, keys)
  if (unknown !== undefined) return yield* wrong(unknown)
  const given: Readonly<Record<string, unknown>> = { ...defaults, signed: false, ...config }
  const { activation, k, num_latents, expansion_factor, d_in } = given
  for (const flag of ["signed", "skip_connection", "transcode"]) {
    if (typeof given[flag] !== "boolean") {
      return yield* wrong(`${flag} is ${showGiven(given[flag])}, not true or false`)
    }
  }
  const type = allLatentTypes.find(
    ({ sparsify }) => sparsify?.activation === activation && sparsify?.signed === given["signed"]
  )
  if (type?.sparsify === undefined) {
    const known = allLatentTypes.flatMap(({ sparsify }) => (sparsify === undefined ? [] : [sparsify]))
    return yield* wrong(
      `the activation ${showGiven(activation)}${given["signed"] === true ? " with signed" : ""} cannot be read; ` +
        `${known.map((one) => `${one.activation}${one.signed ? " with signed" : ""}`).join(", ")} can`
    )
  }
  if (typeof d_in !== "number" || !Number.isSafeInteger(d_in) || d_in < 1) {
    return yield* wrong(`d_in is ${showGiven(d_in)}, not a whole number above 0`)
  }
  const d_sae = (num_latents as number) || d_in * (expansion_factor as number)
  if (!Number.isSafeInteger(d_sae) || d_sae < 1) return yield* wrong("it states no number of latents")
  const badK = kProblem(k, d_sae)
  if (badK !== undefined) return yield* wrong(badK)
  const file = yield* openTensorFile(folder, weightsName)
  const skip = given["skip_connection"] === true
  yield* onlyTensors(file, ["encoder.weight", "encoder.bias", "W_dec", "b_dec", ...(skip ? ["W_skip"] : [])])
  const stored: StoredSae = {
    d_in,
    d_out: d_in,
    d_sae,
    transcoder: given["transcode"] === true,
    W_enc: transposed(yield* file.floats("encoder.weight", [d_sae, d_in]), d_sae, d_in),
    W_dec: yield* file.floats("W_dec", [d_sae, d_in]),
    b_dec: yield* file.floats("b_dec", [d_in]),
    latents: {
      type: type.type,
      b_enc: yield* file.floats("encoder.bias", [d_sae]),
      ...type.sparsify.read(k as number)
    } as StoredLatents,
    apply_b_dec_to_input: given["transcode"] !== true,
    normalize: "none",
    W_skip: skip ? yield* file.floats("W_skip", [d_in, d_in]) : undefined,
    dtype: file.dtype("W_dec"),
    metadata: {},
    origin: { format: "sparsify", config, beside: keysBeside(config, keys) }
  }
  const problem = storedProblem(stored)
  return problem === undefined ? stored : yield* file.fail(problem)
})

const write = (sae: StoredSae): ReadonlyMap<string, Uint8Array<ArrayBuffer>> | SaeRefused => {
  const { d_in, d_out, d_sae, latents } = sae
  const { sparsify } = latentType(latents)
  if (sparsify === undefined || !("b_enc" in latents))
    return cannotWrite(`sparsify does not have ${latents.type} latents`)
  if (sparsify.signed && sae.origin.format !== "sparsify") {
    return cannotWrite(
      `sparsify 1.0 and later pass over "signed" and would use these ${latents.type} latents as ordinary top-k`
    )
  }
  const k = sparsify.write(latents)
  if (isRefused(k)) return k
  if (d_in !== d_out)
    return cannotWrite(`a coder of sparsify has one width, this one reads ${d_in} numbers and writes ${d_out}`)
  if (sae.transcoder === sae.apply_b_dec_to_input) {
    return sae.transcoder
      ? cannotWrite("transcoders of sparsify do not subtract b_dec from the input, this one does")
      : cannotWrite("sparsify subtracts b_dec from the input, this SAE does not")
  }
  if (sae.normalize !== "none") return cannotWrite(`sparsify does not normalise rows; this SAE needs ${sae.normalize}`)
  const tensor = (shape: ReadonlyArray<number>, data: Float32Array) => ({ dtype: "F32", shape, data }) as const
  const bytes = encodeSafetensors({
    "encoder.weight": tensor([d_sae, d_in], transposed(sae.W_enc, d_in, d_sae)),
    "encoder.bias": tensor([d_sae], latents.b_enc),
    W_dec: tensor([d_sae, d_in], sae.W_dec),
    b_dec: tensor([d_in], sae.b_dec),
    ...(sae.W_skip === undefined ? {} : { W_skip: tensor([d_in, d_in], sae.W_skip) })
  })
  const config = {
    ...defaults,
    ...(sae.origin.format === "sparsify" ? sae.origin.config : { normalize_decoder: false }),
    activation: sparsify.activation,
    ...(sparsify.signed ? { signed: true } : {}),
    num_latents: d_sae,
    k,
    skip_connection: sae.W_skip !== undefined,
    transcode: sae.transcoder,
    d_in
  }
  return new Map([
    [configName, new TextEncoder().encode(`${canonicalJson(config)}\n`)],
    [weightsName, bytes]
  ])
}

const format: SaeFormat = {
  files: `${configName} and ${weightsName}`,
  detect: (folder) => Effect.succeed(folder.names.includes(configName) && folder.names.includes(weightsName)),
  read,
  write,
  keeps: [],
  keeps_config: true
}
export default format
