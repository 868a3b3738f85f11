/** The SAE at a point of a stitching path, as weights: self-contained latents of both hosts side by side. */
import type { SaeWeights } from "../../../src/kinds/sae/stored/sae-weights.ts"
import { selfContained } from "./self-contained-sae.ts"
import type { StitchData } from "../../../src/analysis/stitching/stitch-pass.ts"
import type { Stitched } from "../../../src/analysis/stitching/stitch-check.ts"

/** Latents in the common numbering order: those of the small SAE that are left, then those of the large one. */
export const stitchedSae = (data: StitchData, { present, biasShare: t }: Stitched): SaeWeights => {
  const [small, large] = [selfContained(data.small), selfContained(data.large)]
  const d_in = small.d_in
  const m = small.d_sae
  const members: Array<readonly [SaeWeights, number]> = []
  present.forEach((here, j) => {
    if (here === 1) members.push(j < m ? [small, j] : [large, j - m])
  })
  const d_sae = members.length
  const W_enc = new Float32Array(d_in * d_sae)
  const W_dec = new Float32Array(d_sae * d_in)
  const b_enc = new Float32Array(d_sae)
  const threshold = new Float32Array(d_sae)
  members.forEach(([host, j], n) => {
    for (let i = 0; i < d_in; i++) W_enc[i * d_sae + n] = host.W_enc[i * host.d_sae + j]!
    W_dec.set(host.W_dec.subarray(j * d_in, (j + 1) * d_in), n * d_in)
    b_enc[n] = host.b_enc[j]!
    threshold[n] = host.threshold![j]!
  })
  const [from, to] = [small.b_dec, large.b_dec]
  const b_dec = t === 1 ? to.slice() : from.map((b, i) => b + t * (to[i]! - b))
  return {
    d_in,
    d_sae,
    activation: { type: "jumprelu" },
    apply_b_dec_to_input: false,
    W_enc,
    W_dec,
    b_enc,
    b_dec,
    threshold
  }
}
