/**
 * SAELens folders: `cfg.json` and `sae_weights.safetensors`. Read: version 6 and the layout before it. Written: version
 * 6, so that SAELens loads it as it is.
 *
 * BatchTopK is saved as JumpReLU, as SAELens itself does; what it was trained as is in `metadata`.
 * Source: SAELens 6.54 `sae_lens/saes/*.py`, `loading/pretrained_sae_loaders.py`.
 */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import { canonicalJson } from "../../../json/canonical-json.ts"
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../../../format/half-float.ts"
import { encodeSafetensors, openSafetensors } from "../../../format/safetensors.ts"
import type { Safetensors, SafetensorsTensor } from "../../../format/safetensors.ts"
import { readJsonObject } from "./sae-folder.ts"
import type { SaeFolder } from "./sae-folder.ts"
import type { SaeFormat } from "./sae-format.ts"
import { saeLensHeader } from "./saelens-header.ts"
import type { SaeLensHeader } from "./saelens-header.ts"
import { type Floats, storedProblem, storedTensors } from "../stored/stored-sae.ts"
import type { StoredDtype, StoredLatents, StoredSae } from "../stored/stored-sae.ts"

export const saeLensConfigName = "cfg.json"
export const saeLensWeightsName = "sae_weights.safetensors"

/** The version of the format that what we write obeys. */
const formatVersion = "6.54.12"

const invalid = (folder: SaeFolder, path: string, detail: string) =>
  new ArtifactError({ reason: "invalid", digest: folder.digest, path, detail })

/** Names and shapes that the weights must have. */
const shapesOf = (header: SaeLensHeader): Readonly<Record<string, ReadonlyArray<number>>> => {
  const { d_in, d_out, d_sae, latents, skip } = header
  const perLatent = latents === "gated" ? ["b_gate", "b_mag", "r_mag"] : ["b_enc"]
  if (latents === "jumprelu") perLatent.push("threshold")
  return {
    W_enc: [d_in, d_sae],
    W_dec: [d_sae, d_out],
    b_dec: [d_out],
    ...Object.fromEntries(perLatent.map((name) => [name, [d_sae]])),
    ...(skip ? { W_skip: [d_out, d_in] } : {})
  }
}

export interface OpenedSaeLens {
  readonly header: SaeLensHeader
  readonly weights: Effect.Effect<StoredSae, ArtifactError>
}

/** Reads the configuration and checks names and shapes; `weights` reads the numbers. Needs a scope, for the file. */
export const openSaeLens = Effect.fn("openSaeLens")(function* (folder: SaeFolder) {
  const header = saeLensHeader(yield* readJsonObject(folder, saeLensConfigName))
  if (typeof header === "string") return yield* invalid(folder, saeLensConfigName, header)
  if (!folder.names.includes(saeLensWeightsName)) {
    return yield* invalid(folder, saeLensWeightsName, "there is no such file")
  }
  const tensors = yield* openSafetensors(yield* folder.open(saeLensWeightsName), saeLensWeightsName, folder.digest)
  for (const [name, shape] of Object.entries(shapesOf(header))) {
    const entry = tensors.entries.get(name)
    if (entry === undefined) return yield* invalid(folder, saeLensWeightsName, `there is no tensor ${name}`)
    if (String(entry.shape) !== String(shape)) {
      const got = entry.shape.join(", ")
      return yield* invalid(
        folder,
        saeLensWeightsName,
        `${name} is [${got}], not [${shape.join(", ")}] as cfg.json says`
      )
    }
  }
  const opened: OpenedSaeLens = { header, weights: readWeights(folder, tensors, header) }
  return opened
})

const dtypeNames: Readonly<Record<string, StoredDtype>> = {
  F32: "float32",
  BF16: "bfloat16",
  F16: "float16",
  F64: "float64"
}

const readWeights = Effect.fnUntraced(function* (folder: SaeFolder, tensors: Safetensors, header: SaeLensHeader) {
  const read: Record<string, Floats> = {}
  for (const name of Object.keys(shapesOf(header))) read[name] = yield* tensors.float32(name)
  const get = (name: string): Floats => read[name] as Floats
  let W_dec = get("W_dec")
  if (tensors.entries.has("scaling_factor")) {
    const factor = yield* tensors.float32("scaling_factor")
    if (factor.length !== header.d_sae || !factor.every(Number.isFinite)) {
      return yield* invalid(folder, saeLensWeightsName, `scaling_factor is no list of ${header.d_sae} numbers`)
    }
    if (!factor.every((x) => x === 1)) {
      if (!header.scaling_factor) {
        return yield* invalid(
          folder,
          saeLensWeightsName,
          "it has a scaling_factor other than one while cfg.json says that it has none (finetuning_scaling_factor)"
        )
      }
      // The factor stands between activations and decoder.
      W_dec = W_dec.map((w, i) => w * (factor[Math.floor(i / header.d_out)] as number))
    }
  }
  const stored: StoredSae = {
    d_in: header.d_in,
    d_out: header.d_out,
    d_sae: header.d_sae,
    transcoder: header.transcoder,
    W_enc: get("W_enc"),
    W_dec,
    b_dec: get("b_dec"),
    latents: latentsOf(header, get),
    apply_b_dec_to_input: header.apply_b_dec_to_input,
    normalize: header.normalize,
    W_skip: header.skip ? get("W_skip") : undefined,
    dtype: dtypeNames[tensors.entries.get("W_enc")?.dtype as string] as StoredDtype,
    metadata: header.metadata,
    origin: { format: "saelens", config: header.config }
  }
  const problem = storedProblem(stored)
  return problem === undefined ? stored : yield* invalid(folder, saeLensWeightsName, problem)
})

const asNumber = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null)

const latentsOf = (header: SaeLensHeader, get: (name: string) => Floats): StoredLatents => {
  const { metadata } = header
  const details = (metadata["training_architecture_details"] ?? {}) as Readonly<Record<string, unknown>>
  switch (header.latents) {
    case "relu":
      return { type: "relu", b_enc: get("b_enc") }
    case "topk":
      return {
        type: "topk",
        b_enc: get("b_enc"),
        k: header.k as number,
        rescale: header.rescale,
        threshold: asNumber(metadata["topk_threshold"])
      }
    case "gated":
      return { type: "gated", b_gate: get("b_gate"), b_mag: get("b_mag"), r_mag: get("r_mag") }
    case "jumprelu": {
      const threshold = get("threshold")
      const trained = metadata["training_architecture"]
      const uniform = threshold.every((x) => x === threshold[0])
      if (!uniform || (trained !== "batchtopk" && trained !== "matryoshka_batchtopk")) {
        return { type: "jumprelu", b_enc: get("b_enc"), threshold }
      }
      const k = asNumber(details["k"])
      return {
        type: "batch_topk",
        b_enc: get("b_enc"),
        k: k !== null && Number.isInteger(k) && k >= 1 && k <= header.d_sae ? k : null,
        threshold: threshold[0] as number,
        groups: trained === "matryoshka_batchtopk" ? groupsOf(details["matryoshka_widths"], header.d_sae) : null
      }
    }
  }
}

/** Sizes of the groups from the widths of the prefixes; null where they are no rising list that ends at d_sae. */
const groupsOf = (widths: unknown, d_sae: number): ReadonlyArray<number> | null => {
  if (!Array.isArray(widths) || !widths.every(Number.isInteger)) return null
  const all = (widths.at(-1) === d_sae ? widths : [...widths, d_sae]) as ReadonlyArray<number>
  const groups = all.map((width, g) => width - (g === 0 ? 0 : (all[g - 1] as number)))
  return groups.every((n) => n > 0) ? groups : null
}

const architectureOf = ({ latents, transcoder, W_skip }: StoredSae): string | undefined => {
  const kind = latents.type === "batch_topk" ? "jumprelu" : latents.type
  if (!transcoder) return { relu: "standard", topk: "topk", jumprelu: "jumprelu", gated: "gated" }[kind]
  if (kind === "relu") return W_skip === undefined ? "transcoder" : "skip_transcoder"
  if (kind === "jumprelu") return W_skip === undefined ? "jumprelu_transcoder" : "jumprelu_skip_transcoder"
  return undefined
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

/** Fields of cfg.json that say how it computes: ours, whatever the configuration that it was read with had. */
const configOf = (sae: StoredSae, architecture: string) => {
  const { latents } = sae
  const { reshape_activations: reshape, ...metadata } = sae.metadata
  const details = metadata["training_architecture_details"] as Readonly<Record<string, unknown>> | undefined
  const own =
    latents.type === "batch_topk"
      ? {
          training_architecture: latents.groups === null ? "batchtopk" : "matryoshka_batchtopk",
          training_architecture_details: {
            ...details,
            ...(latents.k === null ? {} : { k: latents.k }),
            ...(latents.groups === null
              ? {}
              : {
                  matryoshka_widths: latents.groups.map((_, g, all) => all.slice(0, g + 1).reduce((a, b) => a + b, 0))
                })
          }
        }
      : latents.type === "topk" && latents.threshold !== null
        ? { topk_threshold: latents.threshold }
        : {}
  return {
    architecture,
    d_in: sae.d_in,
    ...(sae.transcoder ? { d_out: sae.d_out } : {}),
    d_sae: sae.d_sae,
    dtype: sae.dtype === "float64" ? "float32" : sae.dtype,
    device: "cpu",
    apply_b_dec_to_input: sae.apply_b_dec_to_input,
    normalize_activations: sae.normalize,
    reshape_activations: reshape === "hook_z" ? "hook_z" : "none",
    ...(latents.type === "topk" ? { k: latents.k, rescale_acts_by_decoder_norm: latents.rescale } : {}),
    metadata: { ...metadata, ...own, sae_lens_version: formatVersion }
  }
}

const write = (sae: StoredSae): ReadonlyMap<string, Uint8Array<ArrayBuffer>> | string => {
  const architecture = architectureOf(sae)
  const { latents } = sae
  if (architecture === undefined) return `SAELens has no transcoder with ${latents.type} latents`
  if (sae.W_skip !== undefined && !sae.transcoder) return "SAELens has a skip connection in transcoders alone"
  if (sae.transcoder && sae.apply_b_dec_to_input) {
    return "transcoders of SAELens do not subtract b_dec from the input, this one does"
  }
  if (latents.type === "batch_topk" && latents.threshold === null) {
    return "its BatchTopK threshold was never set (-1), and SAELens saves BatchTopK with its threshold"
  }
  const tensors = [...storedTensors(sae)]
  if (latents.type === "batch_topk") {
    tensors.push(["threshold", new Float32Array(sae.d_sae).fill(latents.threshold as number), [sae.d_sae]])
  }
  const dtype = tensors.every(([, values]) => isExact(sae.dtype, values)) ? sae.dtype : "float32"
  const encoded = tensors.map(([name, values, shape]) => [name, encodeTensor(dtype, shape, values)] as const)
  const bytes = encodeSafetensors(Object.fromEntries(encoded))
  const config = `${canonicalJson(configOf({ ...sae, dtype }, architecture))}\n`
  return new Map([
    [saeLensConfigName, new TextEncoder().encode(config)],
    [saeLensWeightsName, bytes]
  ])
}

export const saeLens: SaeFormat = {
  name: "saelens",
  files: `${saeLensConfigName} and ${saeLensWeightsName}`,
  detect: (folder) =>
    Effect.succeed(folder.names.includes(saeLensConfigName) && folder.names.includes(saeLensWeightsName)),
  read: (folder) => Effect.flatMap(openSaeLens(folder), ({ weights }) => weights),
  write
}
