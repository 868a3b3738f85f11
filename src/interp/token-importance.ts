/**
 * Neuron to Graph, step 2: which tokens of a pruned prompt matter.
 *
 * Importance of token t = 1 - activation(t masked) / activation (Foote et al. 2023, section 3). The reference masks
 * with one fixed token; here the masked activation is the mean over a few tokens drawn from the text, because to a
 * small model any one token may itself mean something to the latent.
 */
import type { Rng } from "../random/rng.ts"
import type { LatentProbe } from "./latent-probe.ts"
import type { PrunedFiring } from "./prune-context.ts"

export interface ImportanceOptions {
  /** Masked activations averaged for each token. */
  readonly maskSamples: number
  /** Draws a token in proportion to its frequency in the text. */
  readonly drawToken: (rng: Rng) => number
}

/** A token other than `token`; after 8 draws the neighbour id is taken, so that a one-word text cannot hang it. */
const drawOther = (token: number, rng: Rng, drawToken: (rng: Rng) => number): number => {
  for (let i = 0; i < 8; i++) {
    const drawn = drawToken(rng)
    if (drawn !== token) return drawn
  }
  return token === 0 ? 1 : token - 1
}

/**
 * @param rngs One generator per firing, so that its masks do not depend on what else is in the batch.
 * @returns For each firing the importance of each token of its prompt; may be negative (masking raised the activation).
 */
export const tokenImportances = (
  probe: LatentProbe,
  firings: ReadonlyArray<PrunedFiring>,
  rngs: ReadonlyArray<Rng>,
  { maskSamples, drawToken }: ImportanceOptions
): ReadonlyArray<Float64Array<ArrayBuffer>> => {
  const importances = firings.map(({ prompt }) => new Float64Array(prompt.length))
  const byLength = Map.groupBy(firings.keys(), (i) => (firings[i] as PrunedFiring).prompt.length)
  for (const [length, members] of [...byLength].toSorted(([a], [b]) => a - b)) {
    const perFiring = length * maskSamples
    const prompts = new Int32Array(members.length * perFiring * length)
    const latents = new Int32Array(members.length * perFiring)
    for (const [m, member] of members.entries()) {
      const { prompt, latent } = firings[member] as PrunedFiring
      const rng = rngs[member] as Rng
      for (let i = 0; i < perFiring; i++) {
        const row = m * perFiring + i
        const masked = Math.floor(i / maskSamples)
        prompts.set(prompt, row * length)
        prompts[row * length + masked] = drawOther(prompt[masked] as number, rng, drawToken)
        latents[row] = latent
      }
    }
    const activations = probe(prompts, length, latents)
    for (const [m, member] of members.entries()) {
      const { promptActivation } = firings[member] as PrunedFiring
      const importance = importances[member] as Float64Array<ArrayBuffer>
      for (let t = 0; t < length; t++) {
        let sum = 0
        for (let s = 0; s < maskSamples; s++) sum += activations[m * perFiring + t * maskSamples + s] as number
        importance[t] = 1 - sum / maskSamples / promptActivation
      }
    }
  }
  return importances
}
