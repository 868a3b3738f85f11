/** An SAE whose latents are known: each fires on one token of the tiny model. */
import type { SaeWeights } from "../../src/kinds/sae/stored/sae-weights.ts"
import type { RunnableModel } from "../../src/model/run-model.ts"
import { config } from "./tiny-model.ts"
import { inFloats } from "../../src/model/blocks/matrix-rows.ts"

const d = config.n_embd

/** Latent j reads along the embedding of token j and fires where the input lies close enough to it. */
export const embeddingSae = (model: RunnableModel): SaeWeights => {
  const embedding = inFloats(model.weights.embedding).arraySync()
  const d_sae = config.vocab_size
  const W_enc = new Float32Array(d * d_sae)
  const W_dec = new Float32Array(d_sae * d)
  const threshold = new Float32Array(d_sae)
  for (const [j, row] of embedding.entries()) {
    const norm = Math.hypot(...row)
    const scores = embedding.map((other) => other.reduce((sum, x, i) => sum + (x * (row[i] as number)) / norm, 0))
    const others = scores.filter((_, token) => token !== j)
    // Between the own score and the best of the others; the latent is dead where another token scores more.
    threshold[j] = norm > Math.max(...others) ? (norm + Math.max(...others)) / 2 : 1e9
    for (const [i, x] of row.entries()) {
      W_enc[i * d_sae + j] = x / norm
      W_dec[j * d + i] = x / norm
    }
  }
  return {
    d_in: d,
    d_sae,
    activation: { type: "jumprelu" },
    apply_b_dec_to_input: false,
    W_enc,
    W_dec,
    b_enc: new Float32Array(d_sae),
    b_dec: new Float32Array(d),
    threshold
  }
}
