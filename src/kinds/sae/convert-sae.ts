/**
 * An SAE in another format. What would change the numbers, or leave out a part of the SAE, is refused with the reason;
 * what a format has no place for and the numbers do not need is listed.
 */
import { formats } from "./formats.ts"
import type { SaeFormat } from "./files/sae-format.ts"
import { foldDecoderNorms, foldInputBias } from "./stored/fold-sae.ts"
import { storedProblem } from "./stored/stored-sae.ts"
import type { StoredSae } from "./stored/stored-sae.ts"
import { cannotWrite, isRefused, type SaeRefused } from "./latents/sae-refused.ts"

export interface ConvertedSae {
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>
  /** What the format has no place for: names of metadata, keys of the configuration that it was read with. */
  readonly dropped: ReadonlyArray<string>
}

/** How and by what it was saved is no fact about the SAE. */
const ofSaving = [
  "sae_lens_version",
  "sae_lens_training_version",
  "training_architecture",
  "training_architecture_details"
]

const droppedBy = (sae: StoredSae, to: string, { keeps, keeps_config, loses }: SaeFormat): ReadonlyArray<string> => {
  const metadata = Object.entries(sae.metadata)
    .filter(([name, value]) => value !== null && value !== undefined && !ofSaving.includes(name))
    .map(([name]) => name)
    .filter((name) => keeps !== "all" && !keeps.includes(name))
  const beside = sae.origin.format === to && keeps_config === true ? [] : (sae.origin.beside ?? [])
  return [...metadata, ...(loses?.(sae) ?? []), ...beside]
}

export interface ConvertOptions {
  /**
   * Whether b_dec may be folded into the encoder's bias, and decoder norms into the encoder, where the format cannot say
   * them otherwise: the same SAE up to rounding.
   */
  readonly fold: boolean
}

/** The files, or the reason why the format cannot hold this SAE. */
export const convertSae = (sae: StoredSae, to: string, options: ConvertOptions): ConvertedSae | SaeRefused => {
  const format = formats.get(to)
  if (format?.write === undefined) return cannotWrite(`${to} is a layout that is only read`)
  const problem = storedProblem(sae)
  if (problem !== undefined) return cannotWrite(problem)
  if (sae.dtype === "float64") return cannotWrite("its float64 numbers would be rounded to float32")
  const folded = foldDecoderNorms(sae)
  const ways = options.fold ? [sae, folded, foldInputBias(sae), foldInputBias(folded)] : [sae]
  let first: SaeRefused | undefined
  for (const way of ways) {
    const files = format.write(way)
    if (!isRefused(files)) return { files, dropped: droppedBy(way, to, format) }
    first ??= files
  }
  return first as SaeRefused
}
