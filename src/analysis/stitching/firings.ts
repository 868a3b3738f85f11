/** Where each latent fires, and what latents that come or go change of each row. */
import type { LatentCodes } from "../latent-codes.ts"
import type { Flip } from "./flip.ts"
import type { StitchData } from "./stitch-pass.ts"

export interface Firings {
  /** [P + 1]: latent k fires in `each` from `starts[k]` to `starts[k + 1]`. */
  readonly starts: Uint32Array
  /** A batch, a row of it, and the entry of the codes that is the latent's. */
  readonly each: { readonly batch: Uint16Array; readonly row: Uint32Array; readonly entry: Uint32Array }
  /**
   * Calls `use(by, codes, r)` for each row where latents of the flip fire: by = sum_j s_j f_j w_j, [d], which the next call
   * overwrites.
   */
  readonly changed: (flip: Flip, use: (by: Float64Array, codes: LatentCodes, r: number) => void) => void
}

const none = -1

/** @throws RangeError for more than 65535 batches */
export const firingsOf = ({ batches, W_dec, rows, small, large }: StitchData): Firings => {
  const d = small.d_in
  const P = small.d_sae + large.d_sae
  if (batches.length > 0xffff) throw new RangeError("more than 65535 batches of rows: use larger batches")
  const starts = new Uint32Array(P + 1)
  for (const { latents } of batches) for (let at = 0; at < latents.length; at++) starts[latents[at]! + 1]!++
  for (let j = 0; j < P; j++) starts[j + 1]! += starts[j]!
  const each = {
    batch: new Uint16Array(starts[P]!),
    row: new Uint32Array(starts[P]!),
    entry: new Uint32Array(starts[P]!)
  }
  const firstRow = new Uint32Array(batches.length)
  const cursor = starts.slice(0, P)
  let rowsBefore = 0
  batches.forEach(({ rows: own, offsets, latents }, batch) => {
    firstRow[batch] = rowsBefore
    rowsBefore += own
    for (let r = 0; r < own; r++) {
      for (let at = offsets[r]!; at < offsets[r + 1]!; at++) {
        const place = cursor[latents[at]!]!++
        each.batch[place] = batch
        each.row[place] = r
        each.entry[place] = at
      }
    }
  })

  const by = new Float64Array(d)
  const signOf = new Int8Array(P)
  // The firings of a flip in one row are a chain, from the row's last one on.
  const last = new Int32Array(rows).fill(none)
  const before = new Int32Array(starts[P]!)
  const met = new Uint32Array(rows)
  const changed: Firings["changed"] = ({ latents, signs }, use) => {
    let count = 0
    latents.forEach((k, n) => {
      signOf[k] = signs[n]!
      for (let place = starts[k]!; place < starts[k + 1]!; place++) {
        const row = firstRow[each.batch[place]!]! + each.row[place]!
        if (last[row] === none) met[count++] = row
        before[place] = last[row]!
        last[row] = place
      }
    })
    for (let n = 0; n < count; n++) {
      const row = met[n]!
      const end = last[row]!
      const codes = batches[each.batch[end]!]!
      by.fill(0)
      for (let place = end; place !== none; place = before[place]!) {
        const entry = each.entry[place]!
        const j = codes.latents[entry]!
        const f = signOf[j]! * codes.values[entry]!
        const w = j * d
        for (let i = 0; i < d; i++) by[i]! += f * W_dec[w + i]!
      }
      last[row] = none
      use(by, codes, each.row[end]!)
    }
  }
  return { starts, each, changed }
}
