/**
 * Gemma Scope 2: `params.safetensors` (`w_enc`, `w_dec`, `b_enc`, `b_dec`, `threshold`, and `affine_skip_connection` [d_in,
 * d_out] of some transcoders) with `config.json`. JumpReLU; b_dec is not subtracted from the input.
 *
 * A crosscoder is a folder of `params_layer_0.safetensors`, `params_layer_1.safetensors`, ...: latents of each layer read that
 * layer and write to all (`w_dec` [d_sae, layers, d_in]). It is read as an SAE of the layers' rows side by side, its
 * encoder zero outside of the blocks. Cross-layer transcoders (`clt`) are refused.
 *
 * Source: SAELens 6.54.12 `gemma_3_sae_huggingface_loader`; the model cards of google/gemma-scope-2-*.
 */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import { encodeSafetensors } from "../../../format/safetensors.ts"
import { canonicalJson } from "../../../json/canonical-json.ts"
import { type ConfigKeys, keyProblem, keysBeside } from "../files/config-keys.ts"
import { gemmaScopeThresholds } from "../files/gemma-scope-thresholds.ts"
import { readJsonObject, type SaeFolder } from "../files/sae-folder.ts"
import type { SaeFormat } from "../files/sae-format.ts"
import { matrixShape, onlyTensors, openTensorFile, type TensorFile } from "../files/tensor-file.ts"
import { type Floats, type StoredSae, storedProblem, transposed } from "../stored/stored-sae.ts"
import { showGiven } from "../../../words/show-given.ts"
import { cannotWrite, isRefused, type SaeRefused } from "../latents/sae-refused.ts"

const weightsName = "params.safetensors"
const configName = "config.json"
const layerPattern = /^params_layer_(\d+)\.safetensors$/

const keys: ConfigKeys = {
  read: ["architecture", "affine_connection", "type", "hf_hook_point_in", "hf_hook_point_out", "model_name"],
  harmless: ["width", "l0", "layer", "layers", "sparsity", "num_tokens", "dtype"]
}

const tensorNames = ["w_enc", "w_dec", "b_enc", "b_dec", "threshold"]
const skipName = "affine_skip_connection"

type Json = Readonly<Record<string, unknown>>

/** The hook in TransformerLens's words, as SAELens names it. */
const hookOf = (module: unknown): string | undefined => {
  const [, layer, site] = /^model\.layers\.(\d+)\.(.*)$/.exec(typeof module === "string" ? module : "") ?? []
  const hooks: Readonly<Record<string, string>> = {
    output: "hook_resid_post",
    "self_attn.o_proj.input": "attn.hook_z",
    "pre_feedforward_layernorm.output": "hook_mlp_in",
    "post_feedforward_layernorm.output": "hook_mlp_out"
  }
  return site !== undefined && Object.hasOwn(hooks, site) ? `blocks.${layer}.${hooks[site]}` : undefined
}

/** `sae`, `transcoder`, `crosscoder` or `clt`: as the configuration says, else as the folder is called. */
const typeOf = (config: Json, folder: SaeFolder, transcodes: boolean): string => {
  if (typeof config["type"] === "string") return config["type"]
  const named = /(?:^|\/)(transcoder|crosscoder|clt)[^/]*\/[^/]*\/?$/.exec(folder.place ?? "")?.[1]
  return named ?? (transcodes ? "transcoder" : "sae")
}

const metadataOf = (config: Json): Json => {
  const [from, to] = [config["hf_hook_point_in"], config["hf_hook_point_out"]]
  return {
    ...(typeof config["model_name"] === "string" ? { model_name: config["model_name"] } : {}),
    ...(hookOf(from) === undefined ? {} : { hook_name: hookOf(from) }),
    ...(hookOf(to) === undefined || to === from ? {} : { hook_name_out: hookOf(to) }),
    ...(typeof from === "string" ? { hf_hook_name: from } : {}),
    ...(typeof to === "string" && to !== from ? { hf_hook_name_out: to } : {})
  }
}

const read = Effect.fnUntraced(function* (folder: SaeFolder) {
  const config: Json = folder.names.includes(configName) ? yield* readJsonObject(folder, configName) : {}
  const wrong = (detail: string) =>
    new ArtifactError({ reason: "invalid", digest: folder.digest, path: configName, detail })
  const unknown = keyProblem(config, keys)
  if (unknown !== undefined) return yield* wrong(unknown)
  const { architecture = "jump_relu", affine_connection: affine } = config
  if (architecture !== "jump_relu") {
    return yield* wrong(`the architecture ${showGiven(architecture)} cannot be read; jump_relu can`)
  }
  const origin = { format: "gemma_scope_2", config, beside: keysBeside(config, keys) }
  const { hf_hook_point_in: from, hf_hook_point_out: to = from } = config
  const layers = folder.names.filter((name) => layerPattern.test(name)).length
  if (!folder.names.includes(weightsName)) {
    const type = typeOf(config, folder, false)
    if (type !== "crosscoder") {
      return yield* wrong(
        `its type is ${showGiven(type)} and its layers have files of their own; of these crosscoders can be read`
      )
    }
    return yield* readCrosscoder(folder, layers, { metadata: metadataOf(config), origin })
  }
  const file = yield* openTensorFile(folder, weightsName)
  yield* onlyTensors(file, [...tensorNames, skipName])
  const skips = file.shape(skipName) !== undefined
  const widths = file.shape("w_enc")?.[0] !== file.shape("w_dec")?.at(-1)
  const type = typeOf(config, folder, skips || from !== to || widths)
  if (type !== "sae" && type !== "transcoder") {
    return yield* wrong(`its type is ${showGiven(type)}; sae and transcoder can be read from one ${weightsName}`)
  }
  if (affine !== undefined && affine !== skips) {
    return yield* wrong(
      `affine_connection is ${showGiven(affine)}, and the file has ${skips ? "an" : "no"} ${skipName}`
    )
  }
  const part = yield* readPart(file)
  const { d_in, d_out, d_sae } = part
  if (skips && type === "sae") return yield* wrong(`its type is "sae", and it has an ${skipName}`)
  const stored: StoredSae = {
    d_in,
    d_out,
    d_sae,
    transcoder: type === "transcoder",
    W_enc: part.W_enc,
    W_dec: part.w_dec,
    b_dec: part.b_dec,
    latents: { type: "jumprelu", b_enc: part.b_enc, threshold: part.threshold },
    apply_b_dec_to_input: false,
    normalize: "none",
    W_skip: skips ? transposed(yield* file.floats(skipName, [d_in, d_out]), d_in, d_out) : undefined,
    dtype: file.dtype("w_enc"),
    metadata: metadataOf(config),
    origin
  }
  const problem = storedProblem(stored)
  return problem === undefined ? stored : yield* file.fail(problem)
})

/** What each file of weights holds. `w_dec` is [d_sae, d_out], or [d_sae, layers, d_out] of a crosscoder. */
const readPart = Effect.fnUntraced(function* (file: TensorFile) {
  const [encoder, decoder] = [matrixShape(file, "w_enc"), file.shape("w_dec")]
  if (encoder === undefined || decoder === undefined) return yield* file.fail("its encoder and decoder are no matrices")
  const [d_in, d_sae] = encoder
  const d_out = decoder.at(-1) as number
  return {
    d_in,
    d_sae,
    d_out,
    W_enc: yield* file.floats("w_enc", [d_in, d_sae]),
    w_dec: yield* file.floats("w_dec", [d_sae, ...decoder.slice(1)]),
    b_enc: yield* file.floats("b_enc", [d_sae]),
    b_dec: yield* file.floats("b_dec", [d_out]),
    threshold: yield* file.floats("threshold", [d_sae])
  }
})

/** Numbers of the widened encoder and decoder that are made: 8 GiB. */
const mostNumbers = 2 ** 31

const readCrosscoder = Effect.fnUntraced(function* (
  folder: SaeFolder,
  layers: number,
  facts: Pick<StoredSae, "metadata" | "origin">
) {
  let made: Pick<StoredSae, "d_in" | "d_sae" | "W_enc" | "W_dec" | "b_dec" | "dtype"> | undefined
  let [b_enc, threshold]: [Floats, Floats] = [new Float32Array(0), new Float32Array(0)]
  for (let layer = 0; layer < layers; layer++) {
    const file = yield* openTensorFile(folder, `params_layer_${layer}.safetensors`)
    yield* onlyTensors(file, tensorNames)
    const { d_in: d, d_sae: m, ...part } = yield* readPart(file)
    const numbers = 2 * layers * d * layers * m
    if (numbers > mostNumbers) {
      return yield* file.fail(
        `its ${layers} layers of ${d} numbers and ${m} latents each would be ${numbers} numbers side by side, which are too many`
      )
    }
    made ??= {
      d_in: layers * d,
      d_sae: layers * m,
      W_enc: new Float32Array(layers * d * layers * m),
      W_dec: new Float32Array(layers * m * layers * d),
      b_dec: new Float32Array(layers * d),
      dtype: file.dtype("w_enc")
    }
    if (layer === 0) [b_enc, threshold] = [new Float32Array(layers * m), new Float32Array(layers * m)]
    if (
      made.d_in !== layers * d ||
      made.d_sae !== layers * m ||
      String(file.shape("w_dec")) !== String([m, layers, d])
    ) {
      return yield* file.fail(
        `w_dec is [${file.shape("w_dec")?.join(", ")}], not [${made.d_sae / layers}, ${layers}, ${made.d_in / layers}]`
      )
    }
    for (let c = 0; c < d; c++) {
      made.W_enc.set(part.W_enc.subarray(c * m, (c + 1) * m), (layer * d + c) * layers * m + layer * m)
    }
    made.W_dec.set(part.w_dec, layer * m * layers * d)
    made.b_dec.set(part.b_dec, layer * d)
    b_enc.set(part.b_enc, layer * m)
    threshold.set(part.threshold, layer * m)
  }
  const fail = (detail: string) =>
    new ArtifactError({ reason: "invalid", digest: folder.digest, path: "params_layer_0.safetensors", detail })
  if (made === undefined) return yield* fail("there is no such file")
  const stored: StoredSae = {
    ...made,
    ...facts,
    d_out: made.d_in,
    transcoder: false,
    latents: { type: "jumprelu", b_enc, threshold },
    apply_b_dec_to_input: false,
    normalize: "none",
    W_skip: undefined
  }
  const problem = storedProblem(stored)
  return problem === undefined ? stored : yield* fail(problem)
})

const write = (sae: StoredSae): ReadonlyMap<string, Uint8Array<ArrayBuffer>> | SaeRefused => {
  const { d_in, d_out, d_sae, W_skip, metadata } = sae
  const own = gemmaScopeThresholds(sae)
  if (isRefused(own)) return own
  if (W_skip !== undefined && !sae.transcoder)
    return cannotWrite("Gemma Scope has a skip connection in transcoders alone")
  const tensor = (shape: ReadonlyArray<number>, data: Floats) => ({ dtype: "F32", shape, data }) as const
  const config = {
    ...(typeof metadata["hf_hook_name"] === "string" ? { hf_hook_point_in: metadata["hf_hook_name"] } : {}),
    ...(typeof metadata["hf_hook_name_out"] === "string" ? { hf_hook_point_out: metadata["hf_hook_name_out"] } : {}),
    ...(typeof metadata["model_name"] === "string" ? { model_name: metadata["model_name"] } : {}),
    ...(sae.origin.format === "gemma_scope_2" ? sae.origin.config : {}),
    // Also of a crosscoder, which is one SAE of rows side by side here.
    type: sae.transcoder ? "transcoder" : "sae",
    architecture: "jump_relu",
    affine_connection: W_skip !== undefined
  }
  return new Map([
    [configName, new TextEncoder().encode(`${canonicalJson(config)}\n`)],
    [
      weightsName,
      encodeSafetensors({
        w_enc: tensor([d_in, d_sae], sae.W_enc),
        w_dec: tensor([d_sae, d_out], sae.W_dec),
        b_enc: tensor([d_sae], own.b_enc),
        b_dec: tensor([d_out], sae.b_dec),
        threshold: tensor([d_sae], own.threshold),
        ...(W_skip === undefined ? {} : { [skipName]: tensor([d_in, d_out], transposed(W_skip, d_out, d_in)) })
      })
    ]
  ])
}

const format: SaeFormat = {
  files: `${weightsName} and ${configName}, or params_layer_N.safetensors`,
  detect: (folder) => Effect.succeed(folder.names.some((name) => name === weightsName || layerPattern.test(name))),
  read,
  write,
  keeps: ["model_name", "hf_hook_name", "hf_hook_name_out", "hook_name", "hook_name_out"],
  keeps_config: true,
  loses: ({ latents }) => [
    ...("k" in latents && latents.k !== null ? ["k"] : []),
    ...("groups" in latents && latents.groups !== null ? ["the sizes of its Matryoshka groups"] : [])
  ]
}
export default format
