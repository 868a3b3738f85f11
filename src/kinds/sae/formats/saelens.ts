/**
 * SAELens folders: `cfg.json` and `sae_weights.safetensors`. Read: version 6 and the layout before it, told apart as SAELens
 * does, by `sae_lens_version` (at the top or in `metadata`). Written: version 6, so that SAELens loads it as it is.
 *
 * What each type of latents is called, and which keys are its own, it says itself (`latents/`). Source: SAELens 6.54.12
 * `sae_lens/saes/*.py`, `loading/pretrained_sae_loaders.py` (`handle_pre_6_0_config`).
 */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../../../format/half-float.ts"
import { encodeSafetensors, type SafetensorsTensor } from "../../../format/safetensors.ts"
import { canonicalJson } from "../../../json/canonical-json.ts"
import { keysBeside } from "../files/config-keys.ts"
import { readJsonObject, type SaeFolder } from "../files/sae-folder.ts"
import {
  architectureName,
  saeLensHeader,
  type SaeLensHeader,
  type SaeLensKind,
  scaleKey,
  typesNamed
} from "../files/saelens-header.ts"
import { saeLensKeys } from "../files/saelens-keys.ts"
import { onlyTensors, openTensorFile, type TensorFile } from "../files/tensor-file.ts"
import { latentType, tensorsOf } from "../latents/latents.ts"
import type { SaeFormat } from "../files/sae-format.ts"
import type { Floats, StoredDtype, StoredLatents, StoredSae } from "../stored/stored-sae.ts"
import { storedProblem, transposed } from "../stored/stored-sae.ts"
import { cannotWrite, isRefused, type SaeRefused } from "../latents/sae-refused.ts"

export const saeLensConfigName = "cfg.json"
const saeLensWeightsName = "sae_weights.safetensors"

/** The version of the format that what we write obeys. */
const formatVersion = "6.54.12"

const isRecord = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isTied = ({ latents, config }: SaeLensHeader): boolean => latents.saelens.tied?.(config) === true

/** Names and shapes that the weights must have. */
const shapesOf = (header: SaeLensHeader): Readonly<Record<string, ReadonlyArray<number>>> => {
  const { d_in, d_out, d_sae, latents, kind, config } = header
  return {
    ...(isTied(header) ? {} : { W_enc: [d_in, d_sae] }),
    W_dec: [d_sae, d_out],
    b_dec: [d_out],
    ...Object.fromEntries(latents.arrays.map((name) => [name, [d_sae]])),
    ...latents.saelens.shapes?.(config, d_sae),
    ...(kind === "skip_transcoder" ? { W_skip: [d_out, d_in] } : {})
  }
}

export interface OpenedSaeLens {
  readonly header: SaeLensHeader
  readonly weights: Effect.Effect<StoredSae, ArtifactError>
}

/** Reads the configuration and checks names and shapes; `weights` reads the numbers. Needs a scope, for the file. */
export const openSaeLens = Effect.fn("openSaeLens")(function* (folder: SaeFolder) {
  const header = saeLensHeader(yield* readJsonObject(folder, saeLensConfigName))
  if (isRefused(header)) {
    return yield* new ArtifactError({
      reason: "invalid",
      digest: folder.digest,
      path: saeLensConfigName,
      detail: header.problem
    })
  }
  const file = yield* openTensorFile(folder, saeLensWeightsName)
  const shapes = shapesOf(header)
  for (const [name, shape] of Object.entries(shapes)) {
    const found = file.shape(name)
    if (found === undefined) return yield* file.fail(`there is no tensor ${name}`)
    if (String(found) !== String(shape)) {
      return yield* file.fail(`${name} is [${found.join(", ")}], not [${shape.join(", ")}] as cfg.json says`)
    }
  }
  yield* onlyTensors(file, [...Object.keys(shapes), "scaling_factor"])
  const opened: OpenedSaeLens = { header, weights: readWeights(file, header) }
  return opened
})

const readWeights = Effect.fnUntraced(function* (file: TensorFile, header: SaeLensHeader) {
  const { d_in, d_out, d_sae, kind } = header
  const read: Record<string, Floats> = {}
  for (const [name, shape] of Object.entries(shapesOf(header))) read[name] = yield* file.floats(name, shape)
  const get = (name: string): Floats => read[name] as Floats
  const W_dec = yield* scaledDecoder(file, header, get("W_dec"))
  const matrices = ["W_enc", "W_dec", "b_dec", "W_skip"]
  const arrays = Object.fromEntries(Object.entries(read).filter(([name]) => !matrices.includes(name)))
  const latents = latentsOf(header, arrays)
  if (isRefused(latents)) return yield* file.fail(latents.problem)
  const stored: StoredSae = {
    d_in,
    d_out,
    d_sae,
    transcoder: kind !== "sae",
    W_enc: isTied(header) ? transposed(W_dec, d_sae, d_in) : get("W_enc"),
    W_dec,
    b_dec: get("b_dec"),
    latents,
    apply_b_dec_to_input: header.apply_b_dec_to_input,
    normalize: header.normalize,
    ...(header.input_scale === undefined ? {} : { input_scale: header.input_scale }),
    W_skip: kind === "skip_transcoder" ? get("W_skip") : undefined,
    dtype: file.dtype("W_dec"),
    metadata: header.metadata,
    origin: {
      format: "saelens",
      config: header.given,
      // A flat layout says at the top what is metadata here.
      beside: keysBeside(header.config, saeLensKeys([], false, false)).filter((key) => !(key in header.metadata))
    }
  }
  const problem = storedProblem(stored)
  return problem === undefined ? stored : yield* file.fail(problem)
})

/** The factor of versions before 6 stands between activations and decoder; it is often there and one. */
const scaledDecoder = Effect.fnUntraced(function* (file: TensorFile, header: SaeLensHeader, W_dec: Floats) {
  if (file.shape("scaling_factor") === undefined) return W_dec
  const factor = yield* file.floats("scaling_factor", [header.d_sae])
  if (!factor.every(Number.isFinite)) return yield* file.fail("scaling_factor holds NaN or infinite numbers")
  if (factor.every((x) => x === 1)) return W_dec
  if (!header.scaling_factor) {
    return yield* file.fail(
      "it has a scaling_factor other than one while cfg.json says that it has none (finetuning_scaling_factor)"
    )
  }
  return W_dec.map((w, i) => w * (factor[Math.floor(i / header.d_out)] as number))
})

/** Of the first type that claims the file, else of the one that its architecture names. */
const latentsOf = (header: SaeLensHeader, arrays: Readonly<Record<string, Floats>>): StoredLatents | SaeRefused => {
  const { metadata, config, d_sae } = header
  const claiming = typesNamed(header.architecture).find(([type]) => type.saelens.claims?.(metadata, arrays) === true)
  const type = claiming?.[0] ?? header.latents
  const fields = type.saelens.read(config, metadata, d_sae, arrays)
  if (isRefused(fields)) return fields
  const own = Object.fromEntries(Object.entries(arrays).filter(([name]) => type.arrays.includes(name)))
  return { type: type.type, ...own, ...fields } as StoredLatents
}

const encodeTensor = (dtype: StoredDtype, shape: ReadonlyArray<number>, values: Floats): SafetensorsTensor =>
  dtype === "bfloat16"
    ? { dtype: "BF16", shape, data: toBfloat16(values) }
    : dtype === "float16"
      ? { dtype: "F16", shape, data: toFloat16(values) }
      : { dtype: "F32", shape, data: values }

/** Whether the numbers survive this type: a threshold kept as f32 beside bf16 weights may not. */
const isExact = (dtype: StoredDtype, values: Floats): boolean => {
  if (dtype !== "bfloat16" && dtype !== "float16") return true
  const back = dtype === "bfloat16" ? fromBfloat16(toBfloat16(values)) : fromFloat16(toFloat16(values))
  return back.every((x, i) => Object.is(x, values[i]))
}

const kindOf = ({ transcoder, W_skip }: StoredSae): SaeLensKind =>
  transcoder ? (W_skip === undefined ? "transcoder" : "skip_transcoder") : "sae"

/**
 * The files of a folder that is laid out as SAELens does, also where SAELens has no such SAE: then it refuses it by its
 * architecture, or by `apply_b_dec_to_input` of a transcoder, and what is written here reads it.
 */
export const encodeSaeLens = (sae: StoredSae): ReadonlyMap<string, Uint8Array<ArrayBuffer>> | SaeRefused => {
  if (sae.W_skip !== undefined && !sae.transcoder)
    return cannotWrite("SAELens has a skip connection in transcoders alone")
  const { d_in, d_out, d_sae, latents } = sae
  const { saelens, ...type } = latentType(latents)
  const fields = saelens.write?.(latents, d_sae) ?? {}
  if (isRefused(fields)) return fields
  const tensors: ReadonlyArray<readonly [string, Floats, ReadonlyArray<number>]> = [
    ...(saelens.tied?.(fields.config ?? {}) === true ? [] : ([["W_enc", sae.W_enc, [d_in, d_sae]]] as const)),
    ["W_dec", sae.W_dec, [d_sae, d_out]],
    ["b_dec", sae.b_dec, [d_out]],
    ...tensorsOf(latents, d_sae),
    ...Object.entries(fields.arrays ?? {}).map(([name, values]) => [name, values, [d_sae]] as const),
    ...(sae.W_skip === undefined ? [] : ([["W_skip", sae.W_skip, [d_out, d_in]]] as const))
  ]
  const fits = tensors.every(([, values]) => isExact(sae.dtype, values)) && sae.dtype !== "float64"
  const dtype = fits ? sae.dtype : "float32"
  const { reshape_activations: reshape, ...metadata } = sae.metadata
  const merged = { ...metadata, ...fields.metadata }
  for (const [name, value] of Object.entries(fields.metadata ?? {})) {
    const before = metadata[name]
    if (isRecord(value) && isRecord(before)) merged[name] = { ...before, ...value }
  }
  const config = {
    architecture: architectureName({ saelens, ...type }, kindOf(sae)),
    d_in,
    ...(sae.transcoder ? { d_out } : {}),
    d_sae,
    dtype,
    device: "cpu",
    apply_b_dec_to_input: sae.apply_b_dec_to_input,
    normalize_activations: sae.normalize,
    reshape_activations: reshape === "hook_z" ? "hook_z" : "none",
    ...fields.config,
    ...(sae.input_scale === undefined ? {} : { [scaleKey]: sae.input_scale }),
    metadata: { ...merged, sae_lens_version: formatVersion }
  }
  return new Map([
    [saeLensConfigName, new TextEncoder().encode(`${canonicalJson(config)}\n`)],
    [
      saeLensWeightsName,
      encodeSafetensors(
        Object.fromEntries(tensors.map(([name, values, shape]) => [name, encodeTensor(dtype, shape, values)]))
      )
    ]
  ])
}

const write = (sae: StoredSae): ReadonlyMap<string, Uint8Array<ArrayBuffer>> | SaeRefused => {
  const { names } = latentType(sae.latents).saelens
  if (names[kindOf(sae)] === undefined) {
    return cannotWrite(
      `SAELens has no ${sae.transcoder ? "transcoder" : "autoencoder"} with ${sae.latents.type} latents`
    )
  }
  if (sae.transcoder && sae.apply_b_dec_to_input) {
    return cannotWrite("transcoders of SAELens do not subtract b_dec from the input, this one does")
  }
  return encodeSaeLens(sae)
}

const format: SaeFormat = {
  files: `${saeLensConfigName} and ${saeLensWeightsName}`,
  detect: (folder) =>
    Effect.succeed(folder.names.includes(saeLensConfigName) && folder.names.includes(saeLensWeightsName)),
  read: (folder) => Effect.flatMap(openSaeLens(folder), ({ weights }) => weights),
  write,
  keeps: "all"
}
export default format
