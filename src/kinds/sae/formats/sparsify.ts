/**
 * EleutherAI sparsify: `cfg.json` and `sae.safetensors` with `encoder.weight`, `encoder.bias`, `W_dec`, `b_dec` and, with
 * `skip_connection`, `W_skip`. TopK; b_dec is subtracted from the input unless it transcodes.
 *
 * Source: sparsify `sparse_coder.py`, `config.py`, `fused_encoder.py`.
 */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import { canonicalJson } from "../../../json/canonical-json.ts"
import { encodeSafetensors, openSafetensors } from "../../../format/safetensors.ts"
import { readJsonObject } from "./sae-folder.ts"
import type { SaeFolder } from "./sae-folder.ts"
import type { SaeFormat } from "./sae-format.ts"
import { storedProblem, transposed } from "../stored/stored-sae.ts"
import type { StoredDtype, StoredSae } from "../stored/stored-sae.ts"

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

const dtypes: Readonly<Record<string, StoredDtype>> = {
  F32: "float32",
  BF16: "bfloat16",
  F16: "float16",
  F64: "float64"
}

const read = Effect.fnUntraced(function* (folder: SaeFolder) {
  const config = yield* readJsonObject(folder, configName)
  const fail = (path: string, detail: string) =>
    new ArtifactError({ reason: "invalid", digest: folder.digest, path, detail })
  const { activation, k, num_latents, expansion_factor, skip_connection, transcode, d_in } = {
    ...defaults,
    d_in: undefined,
    ...config
  } as Readonly<Record<string, unknown>>
  if (activation !== "topk") {
    return yield* fail(configName, `the activation ${JSON.stringify(activation)} cannot be read; topk can`)
  }
  if (typeof d_in !== "number" || !Number.isSafeInteger(d_in) || d_in < 1) {
    return yield* fail(configName, `d_in is ${JSON.stringify(d_in)}, not a whole number above 0`)
  }
  const d_sae = (num_latents as number) || d_in * (expansion_factor as number)
  if (!Number.isSafeInteger(d_sae) || d_sae < 1) return yield* fail(configName, "it states no number of latents")
  const tensors = yield* openSafetensors(yield* folder.open(weightsName), weightsName, folder.digest)
  const shapes: Readonly<Record<string, ReadonlyArray<number>>> = {
    "encoder.weight": [d_sae, d_in],
    "encoder.bias": [d_sae],
    W_dec: [d_sae, d_in],
    b_dec: [d_in],
    ...(skip_connection === true ? { W_skip: [d_in, d_in] } : {})
  }
  for (const [name, shape] of Object.entries(shapes)) {
    const entry = tensors.entries.get(name)
    if (entry === undefined) return yield* fail(weightsName, `there is no tensor ${name}`)
    if (String(entry.shape) !== String(shape)) {
      return yield* fail(weightsName, `${name} is [${entry.shape.join(", ")}], not [${shape.join(", ")}]`)
    }
  }
  const stored: StoredSae = {
    d_in,
    d_out: d_in,
    d_sae,
    transcoder: transcode === true,
    W_enc: transposed(yield* tensors.float32("encoder.weight"), d_sae, d_in),
    W_dec: yield* tensors.float32("W_dec"),
    b_dec: yield* tensors.float32("b_dec"),
    latents: {
      type: "topk",
      b_enc: yield* tensors.float32("encoder.bias"),
      k: k as number,
      rescale: false,
      threshold: null
    },
    apply_b_dec_to_input: transcode !== true,
    normalize: "none",
    W_skip: skip_connection === true ? yield* tensors.float32("W_skip") : undefined,
    dtype: dtypes[tensors.entries.get("W_dec")?.dtype as string] as StoredDtype,
    metadata: {},
    origin: { format: "sparsify", config }
  }
  const problem = storedProblem(stored)
  return problem === undefined ? stored : yield* fail(weightsName, problem)
})

const write = (sae: StoredSae): ReadonlyMap<string, Uint8Array<ArrayBuffer>> | string => {
  const { d_in, d_out, d_sae, latents } = sae
  if (latents.type !== "topk") return `sparsify holds TopK alone, not ${latents.type} latents`
  if (latents.rescale) {
    return "sparsify does not rescale activations by decoder norms; they can be folded into the weights (--fold), up to rounding"
  }
  if (latents.threshold !== null) return "sparsify has no place for the threshold that this TopK SAE keeps beside k"
  if (d_in !== d_out) return `a coder of sparsify has one width, this one reads ${d_in} numbers and writes ${d_out}`
  if (sae.transcoder === sae.apply_b_dec_to_input) {
    return sae.transcoder
      ? "transcoders of sparsify do not subtract b_dec from the input, this one does"
      : "sparsify subtracts b_dec from the input, this SAE does not"
  }
  if (sae.normalize !== "none") return `sparsify does not normalise rows; this SAE needs ${sae.normalize}`
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
    num_latents: d_sae,
    k: latents.k,
    skip_connection: sae.W_skip !== undefined,
    transcode: sae.transcoder,
    d_in
  }
  return new Map([
    [configName, new TextEncoder().encode(`${canonicalJson(config)}\n`)],
    [weightsName, bytes]
  ])
}

export const sparsify: SaeFormat = {
  name: "sparsify",
  files: `${configName} and ${weightsName}`,
  detect: (folder) => Effect.succeed(folder.names.includes(configName) && folder.names.includes(weightsName)),
  read,
  write
}
