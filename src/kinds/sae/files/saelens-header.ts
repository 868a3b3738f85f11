/**
 * `cfg.json` of a SAELens folder, of version 6 and of the flat layout before it, decoded into one form. SAELens goes by
 * `sae_lens_version`, at the top or in `metadata`: without it, or below 6, the older layout.
 *
 * Source: SAELens 6.54.12 `saes/*.py`, `loading/pretrained_sae_loaders.py`.
 */
import type { Json } from "../latents/latent-type.ts"
import { allLatentTypes, type AnyLatentType, type SaeActivation } from "../latents/latents.ts"
import type { StoredLatents, StoredSae } from "../stored/stored-sae.ts"
import { keyProblem } from "./config-keys.ts"
import { saeLensKeys } from "./saelens-keys.ts"
import { modernized } from "./saelens-legacy.ts"
import { showGiven } from "../../../words/show-given.ts"
import { cannotRead, isRefused, type SaeRefused } from "../latents/sae-refused.ts"

const kinds = ["sae", "transcoder", "skip_transcoder"] as const
export type SaeLensKind = (typeof kinds)[number]

/** SAELens's word; where it has none, ours, which SAELens refuses by name. */
export const architectureName = ({ type, saelens }: AnyLatentType, kind: SaeLensKind): string =>
  saelens.names[kind] ?? (kind === "sae" ? type : `${type}_${kind}`)

/** Of `constant_scalar_rescale`. */
export const scaleKey = "activation_normalization_factor"

/** Architectures that are trained, and saved as another one for use. */
const trainingOnly: Readonly<Record<string, string>> = { batchtopk: "jumprelu", matryoshka_batchtopk: "jumprelu" }

const normalizations: Readonly<Record<string, StoredSae["normalize"]>> = {
  none: "none",
  // Folded into the weights when training ends; SAELens does nothing at run time.
  expected_average_only_in: "none",
  covariance_whitening: "none",
  constant_norm_rescale: "constant_norm_rescale",
  layer_norm: "layer_norm",
  constant_scalar_rescale: "constant_scalar_rescale"
}

export interface SaeLensHeader {
  /** SAELens's word: `standard`, `topk`, `skip_transcoder`, ... */
  readonly architecture: string
  readonly kind: SaeLensKind
  readonly latents: AnyLatentType
  readonly activation: SaeActivation
  readonly k: number | null
  readonly d_in: number
  readonly d_out: number
  readonly d_sae: number
  readonly apply_b_dec_to_input: boolean
  readonly normalize: StoredSae["normalize"]
  readonly input_scale: number | undefined
  /** Whether a `scaling_factor` other than ones is meant to be used (before version 6). */
  readonly scaling_factor: boolean
  readonly metadata: Json
  /** In the layout of version 6. */
  readonly config: Json
  readonly given: Json
}

const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0

const versionOf = (config: Json): number => {
  const stated =
    config["sae_lens_version"] ?? (isRecord(config["metadata"]) ? config["metadata"]["sae_lens_version"] : undefined)
  return typeof stated === "string" ? Number.parseInt(stated, 10) : Number.NaN
}

/** The types that an architecture may be, those first that others are saved as. */
export const typesNamed = (architecture: string): ReadonlyArray<readonly [AnyLatentType, SaeLensKind]> =>
  allLatentTypes
    .flatMap((type) => kinds.map((kind) => [type, kind] as const))
    .filter(([type, kind]) => architectureName(type, kind) === architecture)
    .toSorted(([a], [b]) => Number(a.saelens.claims !== undefined) - Number(b.saelens.claims !== undefined))

/** The header, or the reason why this folder cannot be read. */
export const saeLensHeader = (given: Json): SaeLensHeader | SaeRefused => {
  const legacy = !(versionOf(given) >= 6)
  const config = legacy ? modernized(given) : given
  if (isRefused(config)) return config
  const name = config["architecture"]
  if (typeof name === "string" && Object.hasOwn(trainingOnly, name)) {
    return cannotRead(
      `${name} is the architecture of a training checkpoint; save it for use in SAELens (save_inference_model), as ${trainingOnly[name]}`
    )
  }
  const [found] = typeof name === "string" ? typesNamed(name) : []
  if (found === undefined) {
    const known = new Set(
      allLatentTypes.flatMap((type) => kinds.map((kind) => type.saelens.names[kind])).filter((one) => one !== undefined)
    )
    const problem =
      name === undefined ? "it names no architecture" : `the architecture ${showGiven(name)} cannot be read`
    return cannotRead(`${problem}; ${[...known].join(", ")} can be read`)
  }
  const [latents, kind] = found
  const unknown = keyProblem(config, saeLensKeys(latents.saelens.keys ?? [], kind !== "sae", legacy))
  if (unknown !== undefined) return cannotRead(unknown)
  const { d_in, d_sae } = config
  if (!isSize(d_in)) return cannotRead(`d_in is ${showGiven(d_in)}, not a whole number above 0`)
  if (!isSize(d_sae)) return cannotRead(`d_sae is ${showGiven(d_sae)}, not a whole number above 0`)
  const d_out = kind === "sae" ? d_in : config["d_out"]
  if (!isSize(d_out)) return cannotRead(`d_out is ${showGiven(d_out)}, not a whole number above 0`)
  const normalize = config["normalize_activations"] ?? "none"
  if (typeof normalize !== "string" || !Object.hasOwn(normalizations, normalize)) {
    return cannotRead(
      `normalize_activations is ${showGiven(normalize)}; ${Object.keys(normalizations).join(", ")} can be read`
    )
  }
  const scales = latents.saelens.keys?.includes(scaleKey) === true
  if (normalize === "constant_scalar_rescale" && !scales) {
    return cannotRead(`normalize_activations is ${showGiven(normalize)}, which ${String(name)} does not have`)
  }
  const { [scaleKey]: scale = 1 } = config
  if (scales && !(typeof scale === "number" && scale > 0))
    return cannotRead(`${scaleKey} is ${showGiven(scale)}, not a number above 0`)
  const reshape = config["reshape_activations"] ?? "none"
  if (reshape !== "none" && reshape !== "hook_z") {
    return cannotRead(`reshape_activations is ${showGiven(reshape)}; none and hook_z can be read`)
  }
  const applies = config["apply_b_dec_to_input"] ?? kind === "sae"
  if (typeof applies !== "boolean")
    return cannotRead(`apply_b_dec_to_input is ${showGiven(applies)}, not true or false`)
  const metadata = {
    ...(isRecord(config["metadata"]) ? config["metadata"] : {}),
    ...(reshape === "hook_z" ? { reshape_activations: "hook_z" } : {})
  }
  const fields = latents.saelens.read(config, metadata, d_sae)
  if (isRefused(fields)) return fields
  return {
    architecture: name as string,
    kind,
    latents,
    activation: latents.activation({ type: latents.type, ...fields } as StoredLatents),
    k: "k" in fields ? (fields.k as number) : null,
    d_in,
    d_out,
    d_sae,
    apply_b_dec_to_input: applies,
    normalize: normalizations[normalize] as StoredSae["normalize"],
    input_scale: normalize === "constant_scalar_rescale" ? (scale as number) : undefined,
    scaling_factor: config["finetuning_scaling_factor"] === true,
    metadata,
    config,
    given
  }
}
