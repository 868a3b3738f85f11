/**
 * A narrow SAE with latents added that know nothing yet: random directions that the encoder reads and the decoder writes, biases zero
 * (Chanin, Dulka and Garriga-Alonso, "Feature hedging", arXiv 2505.11756). The narrow SAE's own latents stay as they are, and first.
 */
import { latentType, mapArrays, type StoredLatents } from "../../kinds/sae/latents/latents.ts"
import { type Floats, type StoredSae, storedProblem, transposed } from "../../kinds/sae/stored/stored-sae.ts"
import { joinBlocks } from "../../numeric/float-blocks.ts"
import { initialWeights } from "../training/initial-weights.ts"

export interface Growth {
  /** Latents of the result, new ones among them. */
  readonly d_sae: number
  /** Norm of a new latent's encoder row; decoder rows have norm one. Small: what the narrow SAE says is hardly disturbed. */
  readonly encoder_norm: number
  readonly seed: number
}

/** Types whose latents are not told apart by the dictionary alone, with the reason. */
const refused: Readonly<Partial<Record<StoredLatents["type"], string>>> = {
  groupmax: "its latents stand in groups of one size, which new ones would change",
  temporal: "attention over earlier tokens is tied to its latents"
}

const appended = (values: Floats, more: ArrayLike<number>): Floats => {
  const all = new Float32Array(values.length + more.length)
  all.set(values)
  all.set(more, values.length)
  return all
}

const median = (values: Floats): number => Float32Array.from(values).toSorted()[(values.length - 1) >> 1] ?? 0

/** With new latents of bias zero; where each has a threshold of its own, theirs is the median of those there are. */
const grownLatents = (latents: StoredLatents, count: number): StoredLatents => {
  const all = mapArrays(latents, (values, name) =>
    appended(values, new Float32Array(count).fill(name === "threshold" ? median(values) : 0))
  )
  return all.type === "batch_topk" && all.groups !== null ? { ...all, groups: [...all.groups, count] } : all
}

/** @returns why it cannot be, where it cannot: a text */
export const grownSae = (sae: StoredSae, { d_sae, encoder_norm, seed }: Growth): StoredSae | string => {
  const { d_in, d_out, latents } = sae
  const reason = refused[latents.type]
  if (reason !== undefined) return `an SAE of ${latents.type} latents cannot be grown: ${reason}`
  const wrong = storedProblem(sae)
  if (wrong !== undefined) return wrong
  const count = d_sae - sae.d_sae
  if (count < 1) return `it has ${sae.d_sae} latents already, and d_sae is ${d_sae}`
  const decoder = joinBlocks(initialWeights(d_out, count, seed))
  // As in training: an encoder that reads something else than the decoder writes starts with directions of its own.
  const own = sae.transcoder ? joinBlocks(initialWeights(d_in, count, seed, 1, "encoder rows")) : decoder
  // The encoder of matching pursuit is the decoder.
  const norm = latentType(latents).saelens.tied?.({}) === true ? 1 : encoder_norm
  const encoder = appended(
    transposed(Float32Array.from(sae.W_enc), d_in, sae.d_sae),
    own.map((w) => w * norm)
  )
  return {
    ...sae,
    d_sae,
    W_enc: transposed(encoder, d_sae, d_in),
    W_dec: appended(sae.W_dec, decoder),
    latents: grownLatents(latents, count),
    origin: { format: "pipeline", config: undefined }
  }
}
