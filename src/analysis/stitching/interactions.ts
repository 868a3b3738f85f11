/**
 * What latents have to do with each other: Q_ij = E[f_i f_j] w_i . w_j. Rows of Q come from the codes when they are needed (each
 * latent flips once), so no P x P matrix is held; what a large group changes is summed row by row of the activations instead.
 */
import { firingsOf } from "./firings.ts"
import type { Flip } from "./flip.ts"
import type { StitchData } from "./stitch-pass.ts"

export interface Interactions {
  /** s'Qs */
  readonly curvature: (flip: Flip) => number
  /** slope_j += sum_k s_k Q_kj */
  readonly addTo: (slope: Float64Array, flip: Flip) => void
}

export const interactionsOf = (data: StitchData): Interactions => {
  const { W_dec, energy } = data
  const d = data.small.d_in
  const P = data.small.d_sae + data.large.d_sae
  const { starts, each: firings, changed } = firingsOf(data)

  const row = new Float64Array(P)
  const touched = new Uint32Array(P)
  /** Row k of Q where it is not zero: calls `use(j, Q_kj)`. */
  const forEachInRow = (k: number, use: (j: number, q: number) => void): void => {
    let count = 0
    for (let place = starts[k]!; place < starts[k + 1]!; place++) {
      const { offsets, latents, values } = data.batches[firings.batch[place]!]!
      const r = firings.row[place]!
      const f = values[firings.entry[place]!]!
      const end = offsets[r + 1]!
      for (let at = offsets[r]!; at < end; at++) {
        const j = latents[at]!
        // Active values are above zero, so a zero sum means that j was not met yet.
        if (row[j] === 0) touched[count++] = j
        row[j]! += f * values[at]!
      }
    }
    const w = k * d
    for (let n = 0; n < count; n++) {
      const j = touched[n]!
      const v = j * d
      let dot = 0
      for (let i = 0; i < d; i++) dot += W_dec[w + i]! * W_dec[v + i]!
      use(j, (row[j]! / data.rows) * dot)
      row[j] = 0
    }
  }

  const curvature = (flip: Flip): number => {
    if (flip.latents.length === 1) return energy[flip.latents[0]!]!
    // s'Qs = E|sum_j s_j f_j w_j|^2
    let sum = 0
    changed(flip, (by) => {
      for (let i = 0; i < d; i++) sum += by[i]! * by[i]!
    })
    return sum / data.rows
  }

  const active = starts[P]! / data.rows
  /** Whether a flip changes fewer latents of rows than rows of Q have entries: a large group does. */
  const byRows = ({ latents }: Flip): boolean => {
    let [fired, entries] = [0, 0]
    for (const k of latents) {
      const own = starts[k + 1]! - starts[k]!
      fired += own
      entries += Math.min(P, own * active)
    }
    return Math.min(data.rows, fired) * active < entries
  }

  const addTo: Interactions["addTo"] = (slope, flip) => {
    if (!byRows(flip)) {
      flip.latents.forEach((k, n) => {
        const sign = flip.signs[n]!
        forEachInRow(k, (j, q) => {
          slope[j]! += sign * q
        })
      })
      return
    }
    changed(flip, (by, { offsets, latents, values }, r) => {
      for (let at = offsets[r]!; at < offsets[r + 1]!; at++) {
        const w = latents[at]! * d
        let dot = 0
        for (let i = 0; i < d; i++) dot += W_dec[w + i]! * by[i]!
        slope[latents[at]!]! += (values[at]! / data.rows) * dot
      }
    })
  }

  return { curvature, addTo }
}
