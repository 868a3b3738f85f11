/**
 * `cfg.json` of a SAELens folder, of version 6 and of the flat layout before it, decoded into one form.
 *
 * SAELens goes by `sae_lens_version` (at the top or in `metadata`): without it, or below 6, the older layout. Source:
 * SAELens 6.54 `sae_lens/saes/*.py`, `loading/pretrained_sae_loaders.py` (`handle_pre_6_0_config`).
 */
import type { StoredSae } from "../stored/stored-sae.ts"

export interface SaeLensHeader {
  /** SAELens's word: `standard`, `topk`, `skip_transcoder`, ... */
  readonly architecture: string
  readonly latents: "relu" | "topk" | "jumprelu" | "gated"
  readonly transcoder: boolean
  readonly skip: boolean
  readonly d_in: number
  readonly d_out: number
  readonly d_sae: number
  readonly apply_b_dec_to_input: boolean
  readonly normalize: StoredSae["normalize"]
  /** `topk` alone. */
  readonly k: number | null
  readonly rescale: boolean
  /** Whether a `scaling_factor` other than ones is meant to be used (before version 6). */
  readonly scaling_factor: boolean
  readonly metadata: Readonly<Record<string, unknown>>
  readonly config: Readonly<Record<string, unknown>>
}

type Json = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0

const versionOf = (config: Json): number => {
  const stated =
    config["sae_lens_version"] ?? (isRecord(config["metadata"]) ? config["metadata"]["sae_lens_version"] : undefined)
  return typeof stated === "string" ? Number.parseInt(stated, 10) : Number.NaN
}

/** What SAELens keeps as metadata of a flat configuration. */
const metadataKeys = [
  "model_name",
  "hook_name",
  "model_class_name",
  "hook_head_index",
  "model_from_pretrained_kwargs",
  "prepend_bos",
  "exclude_special_tokens",
  "neuronpedia_id",
  "context_size",
  "seqpos_slice",
  "dataset_path",
  "sae_lens_version",
  "sae_lens_training_version",
  "hook_name_out",
  "hook_head_index_out"
]

const renamed: Readonly<Record<string, string>> = {
  hook_point: "hook_name",
  hook_point_head_index: "hook_head_index",
  activation_fn_str: "activation_fn"
}

/** A flat configuration from before version 6 in the form of version 6, or the reason why that cannot be. */
const modernize = (given: Json): Json | string => {
  const flat: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(given)) flat[renamed[key] ?? key] = value
  const kwargs = isRecord(flat["activation_fn_kwargs"]) ? flat["activation_fn_kwargs"] : {}
  const activation = flat["activation_fn"] ?? "relu"
  if (activation !== "relu" && activation !== "topk") {
    return `the activation function ${JSON.stringify(activation)} cannot be read; relu and topk can`
  }
  const topk = activation === "topk"
  const normalize = flat["normalize_activations"]
  const hook = flat["hook_name"]
  return {
    ...flat,
    architecture: topk ? "topk" : (flat["architecture"] ?? "standard"),
    ...(topk ? { k: kwargs["k"] } : {}),
    apply_b_dec_to_input: flat["apply_b_dec_to_input"] ?? true,
    normalize_activations:
      normalize === true ? "expected_average_only_in" : normalize === false ? "none" : (normalize ?? "none"),
    reshape_activations:
      flat["reshape_activations"] ?? (typeof hook === "string" && hook.includes("hook_z") ? "hook_z" : "none"),
    metadata: {
      prepend_bos: true,
      ...Object.fromEntries(metadataKeys.filter((key) => key in flat).map((key) => [key, flat[key]]))
    }
  }
}

const architectures: Readonly<Record<string, Pick<SaeLensHeader, "latents" | "transcoder" | "skip">>> = {
  standard: { latents: "relu", transcoder: false, skip: false },
  topk: { latents: "topk", transcoder: false, skip: false },
  jumprelu: { latents: "jumprelu", transcoder: false, skip: false },
  gated: { latents: "gated", transcoder: false, skip: false },
  transcoder: { latents: "relu", transcoder: true, skip: false },
  skip_transcoder: { latents: "relu", transcoder: true, skip: true },
  jumprelu_transcoder: { latents: "jumprelu", transcoder: true, skip: false },
  jumprelu_skip_transcoder: { latents: "jumprelu", transcoder: true, skip: true }
}

/** Architectures that are trained, and saved as another one for use. */
const trainingOnly: Readonly<Record<string, string>> = {
  batchtopk: "jumprelu",
  matryoshka_batchtopk: "jumprelu"
}

const normalizations: Readonly<Record<string, StoredSae["normalize"]>> = {
  none: "none",
  // Folded into the weights when training ends; SAELens does nothing at run time.
  expected_average_only_in: "none",
  constant_norm_rescale: "constant_norm_rescale",
  layer_norm: "layer_norm"
}

/** The header, or the reason why this folder cannot be read. */
export const saeLensHeader = (given: Json): SaeLensHeader | string => {
  const legacy = !(versionOf(given) >= 6)
  const config = legacy ? modernize(given) : given
  if (typeof config === "string") return config
  const name = config["architecture"]
  if (typeof name === "string" && Object.hasOwn(trainingOnly, name)) {
    return `${name} is the architecture of a training checkpoint; save it for use in SAELens (save_inference_model), as ${trainingOnly[name]}`
  }
  if (typeof name !== "string" || !Object.hasOwn(architectures, name)) {
    return `the architecture ${JSON.stringify(name)} cannot be read; ${Object.keys(architectures).join(", ")} can`
  }
  const kind = architectures[name] as (typeof architectures)[string]
  const { d_in, d_sae } = config
  if (!isSize(d_in)) return `d_in is ${JSON.stringify(d_in)}, not a whole number above 0`
  if (!isSize(d_sae)) return `d_sae is ${JSON.stringify(d_sae)}, not a whole number above 0`
  const d_out = kind.transcoder ? config["d_out"] : d_in
  if (!isSize(d_out)) return `d_out is ${JSON.stringify(d_out)}, not a whole number above 0`
  const k = kind.latents === "topk" ? config["k"] : null
  if (kind.latents === "topk" && (!isSize(k) || k > d_sae)) {
    return `k is ${JSON.stringify(k) ?? "missing"}; a topk SAE of ${d_sae} latents needs a whole number from 1 to that`
  }
  const normalize = config["normalize_activations"] ?? "none"
  if (typeof normalize !== "string" || !Object.hasOwn(normalizations, normalize)) {
    return `normalize_activations is ${JSON.stringify(normalize)}; ${Object.keys(normalizations).join(", ")} can be read`
  }
  const reshape = config["reshape_activations"] ?? "none"
  if (reshape !== "none" && reshape !== "hook_z") {
    return `reshape_activations is ${JSON.stringify(reshape)}; none and hook_z can be read`
  }
  return {
    ...kind,
    architecture: name,
    d_in,
    d_out,
    d_sae,
    apply_b_dec_to_input: !kind.transcoder && config["apply_b_dec_to_input"] !== false,
    normalize: normalizations[normalize] as StoredSae["normalize"],
    k: k as number | null,
    rescale: kind.latents === "topk" && config["rescale_acts_by_decoder_norm"] === true,
    scaling_factor: config["finetuning_scaling_factor"] === true,
    metadata: {
      ...(isRecord(config["metadata"]) ? config["metadata"] : {}),
      ...(reshape === "hook_z" ? { reshape_activations: "hook_z" } : {})
    },
    config: given
  }
}
