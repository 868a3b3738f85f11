/**
 * `cfg.json` of a SAELens folder (version 6 and later): what we write, and what we can read of it.
 *
 * A loader of SAELens goes by `sae_lens_version` (in `metadata`): without it, or below 6, the folder is taken for the
 * older flat layout. BatchTopK is saved as JumpReLU, as SAELens itself does. Source: SAELens 6.54 `sae_lens/saes`,
 * `loading/pretrained_sae_loaders.py`.
 */
import * as Schema from "effect/Schema"
import type { SaeActivation, SaeWeights } from "./sae.ts"

/** The version of the format that what we write obeys. */
const formatVersion = "6.54.12"

const size = Schema.Int.check(Schema.isGreaterThan(0))

/** Fields that matter to the computation; SAELens adds others freely. */
export const SaeLensConfig = Schema.Struct({
  architecture: Schema.optionalKey(Schema.String),
  d_in: size,
  d_sae: size,
  apply_b_dec_to_input: Schema.optionalKey(Schema.Boolean),
  normalize_activations: Schema.optionalKey(Schema.Unknown),
  reshape_activations: Schema.optionalKey(Schema.String),
  k: Schema.optionalKey(Schema.Finite),
  rescale_acts_by_decoder_norm: Schema.optionalKey(Schema.Boolean),
  sae_lens_version: Schema.optionalKey(Schema.String),
  metadata: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
})
export type SaeLensConfig = typeof SaeLensConfig.Type

const version = (config: SaeLensConfig): string | undefined => {
  const stated = config.sae_lens_version ?? config.metadata?.["sae_lens_version"]
  return typeof stated === "string" ? stated : undefined
}

/** How latents are chosen, or the reason why this folder cannot be read. */
export const activationOf = (config: SaeLensConfig): SaeActivation | string => {
  const stated = version(config)
  if (stated === undefined || !(Number.parseInt(stated, 10) >= 6)) {
    return `this is the layout before SAELens 6 (sae_lens_version ${stated ?? "is missing"}); load it in SAELens 6 and save it again`
  }
  const normalize = config.normalize_activations ?? "none"
  if (normalize !== "none") {
    return `normalize_activations is ${JSON.stringify(normalize)}; only weights that take activations as they are can be read`
  }
  switch (config.architecture) {
    case "standard":
      return { type: "relu" }
    case "jumprelu":
      return { type: "jumprelu" }
    case "topk":
      if (config.k === undefined || !Number.isInteger(config.k) || config.k < 1 || config.k > config.d_sae) {
        return `k is ${config.k ?? "missing"}; a topk SAE of ${config.d_sae} latents needs a whole number from 1 to that`
      }
      return { type: "topk", k: config.k }
    default:
      return `the architecture ${JSON.stringify(config.architecture)} cannot be read; standard, topk and jumprelu can`
  }
}

const architectureOf = { relu: "standard", topk: "topk", jumprelu: "jumprelu" } as const

/** @param metadata what is known of the model and the data: `hook_name`, `context_size`, ... */
export const saeLensConfig = (weights: SaeWeights, metadata: Readonly<Record<string, unknown>>) => ({
  architecture: architectureOf[weights.activation.type],
  d_in: weights.d_in,
  d_sae: weights.d_sae,
  dtype: "float32",
  device: "cpu",
  apply_b_dec_to_input: weights.apply_b_dec_to_input,
  normalize_activations: "none",
  reshape_activations: "none",
  ...(weights.activation.type === "topk" ? { k: weights.activation.k, rescale_acts_by_decoder_norm: false } : {}),
  metadata: { ...metadata, sae_lens_version: formatVersion }
})
