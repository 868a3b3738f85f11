/**
 * A flat `cfg.json` of SAELens from before version 6 in the layout of version 6. Source: SAELens 6.54.12
 * `loading/pretrained_sae_loaders.py`, `handle_pre_6_0_config`.
 */
import { keyNames } from "./config-keys.ts"
import type { Json } from "../latents/latent-type.ts"
import { showGiven } from "../../../words/show-given.ts"
import { cannotRead, type SaeRefused } from "../latents/sae-refused.ts"

/** What SAELens keeps as metadata of a flat configuration. */
export const metadataKeys: ReadonlyArray<string> = keyNames(`
  model_name hook_name model_class_name hook_head_index model_from_pretrained_kwargs prepend_bos
  exclude_special_tokens neuronpedia_id context_size seqpos_slice dataset_path sae_lens_version
  sae_lens_training_version hook_name_out hook_head_index_out hf_hook_name hf_hook_name_out
`)

const renamed: Readonly<Record<string, string>> = {
  hook_point: "hook_name",
  hook_point_head_index: "hook_head_index",
  activation_fn_str: "activation_fn"
}

const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

/** The configuration, or the reason why it cannot be one. */
export const modernized = (given: Json): Json | SaeRefused => {
  const flat: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(given)) flat[renamed[key] ?? key] = value
  const { activation_fn: stated, activation_fn_kwargs: kwargs, ...rest } = flat
  const activation = stated ?? "relu"
  if (!isRecord(kwargs) && kwargs !== null && kwargs !== undefined)
    return cannotRead(`activation_fn_kwargs is ${showGiven(kwargs)}, not an object`)
  if (activation !== "relu" && activation !== "topk") {
    return cannotRead(`the activation function ${showGiven(activation)} cannot be read; relu and topk can`)
  }
  const { k, ...others } = kwargs ?? {}
  const [other] = Object.entries(others)
  if (other !== undefined) {
    return cannotRead(
      `the key "activation_fn_kwargs.${other[0]}" (${showGiven(other[1])}) is not known here and may change what the SAE computes`
    )
  }
  const topk = activation === "topk" || rest["architecture"] === "topk"
  const architecture = topk ? "topk" : (rest["architecture"] ?? "standard")
  if (activation === "topk" && !["topk", "standard"].includes(String(rest["architecture"] ?? "topk"))) {
    return cannotRead(
      `its architecture is ${showGiven(rest["architecture"])} and its activation function topk: one of them contradicts the other`
    )
  }
  if (!topk && k !== undefined && k !== null) {
    return cannotRead(
      `it states a k (activation_fn_kwargs.k: ${showGiven(k)}) while its latents are chosen by ${String(activation)}`
    )
  }
  const { normalize_activations: normalize, hook_name: hook } = flat
  return {
    ...rest,
    architecture,
    ...(topk && k !== undefined ? { k } : {}),
    apply_b_dec_to_input: rest["apply_b_dec_to_input"] ?? true,
    normalize_activations:
      normalize === true ? "expected_average_only_in" : normalize === false ? "none" : (normalize ?? "none"),
    reshape_activations:
      rest["reshape_activations"] ?? (typeof hook === "string" && hook.includes("hook_z") ? "hook_z" : "none"),
    metadata: {
      prepend_bos: true,
      // A file of version 6 by another hand may lack its version: the hook that it names must not be lost.
      ...(isRecord(flat["metadata"]) ? flat["metadata"] : {}),
      ...Object.fromEntries(metadataKeys.filter((key) => key in flat).map((key) => [key, flat[key]]))
    }
  }
}
