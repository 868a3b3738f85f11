/** Latents of several SAEs put into one: the SAE at a point of a stitching path, and SAEs joined. */
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import { selfContained } from "./self-contained-sae.ts"
import type { Stitched } from "./stitch-check.ts"
import type { StitchData } from "./stitch-pass.ts"

/** A self-contained SAE and one of its latents. */
type Member = readonly [host: SaeWeights, latent: number]

const latentsOf = (host: SaeWeights): ReadonlyArray<Member> =>
  Array.from({ length: host.d_sae }, (_, latent) => [host, latent] as const)

const gather = (members: ReadonlyArray<Member>, b_dec: Float32Array<ArrayBuffer>): SaeWeights => {
  const d_in = b_dec.length
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

/** All latents of SAEs of one width of rows, in their order, with the first one's b_dec. @throws RangeError as `selfContained` */
export const joinedSae = (saes: ReadonlyArray<SaeWeights>): SaeWeights => {
  const hosts = saes.map(selfContained)
  return gather(hosts.flatMap(latentsOf), hosts[0]!.b_dec.slice())
}

/** Latents in the common numbering of `StitchData`: those of the small SAE that are left, then those of the large one. */
export const stitchedSae = (
  data: Pick<StitchData, "small" | "large">,
  { present, biasShare: t }: Stitched
): SaeWeights => {
  const [small, large] = [selfContained(data.small), selfContained(data.large)]
  const members = [...latentsOf(small), ...latentsOf(large)].filter((_, j) => present[j] === 1)
  const [from, to] = [small.b_dec, large.b_dec]
  return gather(members, t === 1 ? to.slice() : from.map((b, i) => b + t * (to[i]! - b)))
}
