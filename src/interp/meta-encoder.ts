/**
 * Meta-latents on text, through the latents that use them (Leask et al. 2502.04878). A unit decoder row of the base SAE is about sum_j m_ij v_j, v_j the
 * meta-latents' decoder rows; so a base latent i that fires with f_i puts f_i |W_dec[i]| m_ij of v_j into the reconstruction. Meta-latent j
 * fires with the sum of that over the latents.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { MetaLatentsFile } from "../kinds/sae/meta-latents.ts"
import { makePattern, withValue } from "../tensor/kernels/sparse-pattern.ts"
import type { LatentEncoder } from "./dictionary.ts"

/** @param norms |W_dec[i]| of the base SAE's latents */
export const metaEncoder = (
  base: LatentEncoder,
  norms: Float32Array,
  { latents, meta }: Pick<MetaLatentsFile, "latents" | "meta">
): LatentEncoder => ({
  d_in: base.d_in,
  d_sae: meta.d_sae,
  encode: (x) => {
    const codes = base.encode(x)
    const values = codes.value.dataSync<"float32">()
    codes.value.dispose()
    const starts = new Int32Array(codes.rows + 1)
    const [found, sums]: [Array<number>, Array<number>] = [[], []]
    const own = new Float64Array(meta.d_sae)
    for (let row = 0; row < codes.rows; row++) {
      const touched = new Set<number>()
      for (let i = codes.rowStart[row]!; i < codes.rowStart[row + 1]!; i++) {
        const latent = codes.latent[i]!
        const { ids = [], activations = [] } = latents[latent] ?? {}
        for (const [n, id] of ids.entries()) {
          own[id] = own[id]! + values[i]! * norms[latent]! * activations[n]!
          touched.add(id)
        }
      }
      for (const id of [...touched].toSorted((a, b) => a - b)) {
        if (own[id]! > 0) {
          found.push(id)
          sums.push(own[id]!)
        }
        own[id] = 0
      }
      starts[row + 1] = found.length
    }
    return withValue(makePattern(meta.d_sae, starts, Int32Array.from(found)), tf.tensor1d(sums, "float32"))
  }
})
