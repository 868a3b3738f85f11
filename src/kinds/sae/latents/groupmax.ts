/**
 * GroupMax: the latents stand in k groups of equal size, one after the other, and of each group the largest of
 * relu(z + b_enc) fires (sparsify `activation: groupmax`, `fused_encoder.py`).
 */
import { added, type Floats, kProblem, kRefused, type LatentType } from "./latent-type.ts"

export interface GroupmaxLatents {
  readonly type: "groupmax"
  readonly b_enc: Floats
  /** Number of groups. */
  readonly k: number
}

/** f = the largest of relu(z) of each of k groups */
export interface GroupmaxActivation {
  readonly type: "groupmax"
  readonly k: number
}

export const groupmax: LatentType<GroupmaxLatents, GroupmaxActivation> = {
  type: "groupmax",
  arrays: ["b_enc"],
  activations: "chosen",
  problem: ({ k }, d_sae) =>
    kProblem(k, d_sae) ??
    (d_sae % k === 0 ? undefined : `${d_sae} latents cannot be divided into ${k} groups of equal size`),
  encode: ({ pre, codes }, { k }) => {
    const z = pre()
    const [rows, latents] = z.shape
    const values = z.dataSync<"float32">()
    const size = latents / k
    const latent: Array<number> = []
    const value: Array<number> = []
    const rowStart = new Int32Array(rows + 1)
    for (let row = 0; row < rows; row++) {
      for (let group = 0; group < k; group++) {
        let best = -1
        let most = 0
        for (let j = group * size; j < (group + 1) * size; j++) {
          const here = values[row * latents + j] as number
          if (here > most) [best, most] = [j, here]
        }
        if (best < 0) continue
        latent.push(best)
        value.push(most)
      }
      rowStart[row + 1] = latent.length
    }
    return codes(rowStart, latent, value)
  },
  ofActivation: ({ k }, { b_enc }) => ({ type: "groupmax", b_enc, k }),
  activation: ({ k }) => ({ type: "groupmax", k }),
  computable: ({ b_enc, k }) => ({ activation: { type: "groupmax", k }, b_enc }),
  shifted: (latents, shift) => ({ ...latents, b_enc: added(latents.b_enc, shift) }),
  saelens: {
    names: {},
    keys: ["k"],
    read: ({ k }, _, d_sae) => kRefused(k, d_sae) ?? { k: k as number },
    write: ({ k }) => ({ config: { k } })
  },
  sparsify: { activation: "groupmax", signed: false, read: (k) => ({ k }), write: ({ k }) => k }
}
