/**
 * An SAE in another format. What would change the numbers, or leave out a part of the SAE, is refused with the reason;
 * what a format has no place for and the numbers do not need is listed.
 */
import { foldDecoderNorms, foldInputBias } from "./fold-sae.ts"
import { formats } from "./formats.ts"
import type { FormatName } from "./sae-format.ts"
import { storedProblem } from "../stored/stored-sae.ts"
import type { StoredSae } from "../stored/stored-sae.ts"

export interface ConvertedSae {
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>
  /** What the format has no place for: names of metadata, what it was trained for. */
  readonly dropped: ReadonlyArray<string>
}

/** Metadata that a format keeps; the others keep none. */
const kept: Readonly<Partial<Record<FormatName, ReadonlyArray<string>>>> = {
  dictionary_learning: ["model_name", "hook_name", "hook_layer", "context_size"]
}

/** How and by what it was saved is no fact about the SAE. */
const ofSaving = [
  "sae_lens_version",
  "sae_lens_training_version",
  "training_architecture",
  "training_architecture_details"
]

const droppedBy = (sae: StoredSae, format: FormatName): ReadonlyArray<string> => {
  if (format === "saelens") return []
  const keeps = [...(kept[format] ?? []), ...ofSaving]
  const { latents } = sae
  const names = Object.entries(sae.metadata)
    .filter(([name, value]) => value !== null && value !== undefined && !keeps.includes(name))
    .map(([name]) => name)
  if (format === "gemma_scope" && latents.type === "batch_topk") {
    if (latents.k !== null) names.push("k")
    if (latents.groups !== null) names.push("the sizes of its Matryoshka groups")
  }
  if (format === "gemma_scope" && sae.transcoder && sae.d_in === sae.d_out) names.push("that it is a transcoder")
  return names
}

export interface ConvertOptions {
  /**
   * Whether b_dec may be folded into the encoder's bias, and decoder norms into the encoder, where the format cannot say
   * them otherwise: the same SAE up to rounding.
   */
  readonly fold: boolean
}

/** The files, or the reason why the format cannot hold this SAE. */
export const convertSae = (sae: StoredSae, to: FormatName, options: ConvertOptions): ConvertedSae | string => {
  const problem = storedProblem(sae)
  if (problem !== undefined) return problem
  if (sae.dtype === "float64") return "its float64 numbers would be rounded to float32"
  const format = formats[to]
  const ways = options.fold
    ? [sae, foldDecoderNorms(sae), foldInputBias(sae), foldInputBias(foldDecoderNorms(sae))]
    : [sae]
  for (const way of ways) {
    const files = format.write(way)
    if (typeof files !== "string") return { files, dropped: droppedBy(way, to) }
  }
  return format.write(sae) as string
}
