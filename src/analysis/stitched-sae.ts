/** The SAE at a point of a stitching path, as weights: self-contained latents of both hosts side by side. */
import type { SelfContainedSae, StitchData } from "./stitch-pass.ts"
import type { Stitched } from "./stitch-check.ts"

/** Latents in the common numbering order: those of the small SAE that are left, then those of the large one. */
export const stitchedSae = (data: StitchData, { present, biasShare: t }: Stitched): SelfContainedSae => {
  const d_in = data.small.d_in
  const m = data.small.d_sae
  const members: Array<readonly [SelfContainedSae, number]> = []
  present.forEach((here, j) => {
    if (here === 1) members.push(j < m ? [data.small, j] : [data.large, j - m])
  })
  const d_sae = members.length
  const W_enc = new Float32Array(d_in * d_sae)
  const W_dec = new Float32Array(d_sae * d_in)
  const bias = new Float32Array(d_sae)
  const threshold = new Float32Array(d_sae)
  members.forEach(([host, j], n) => {
    const { encoder } = host
    for (let i = 0; i < d_in; i++) W_enc[i * d_sae + n] = encoder.W_enc[i * host.d_sae + j]!
    W_dec.set(host.W_dec.subarray(j * d_in, (j + 1) * d_in), n * d_in)
    bias[n] = encoder.bias[j]!
    threshold[n] = encoder.selection.type === "threshold" ? encoder.selection.threshold[j]! : 0
  })
  const [from, to] = [data.small.b_dec, data.large.b_dec]
  const b_dec = t === 1 ? to.slice() : from.map((b, i) => b + t * (to[i]! - b))
  return {
    d_in,
    d_sae,
    encoder: { d_in, d_sae, W_enc, bias, selection: { type: "threshold", threshold } },
    W_dec,
    b_dec
  }
}
