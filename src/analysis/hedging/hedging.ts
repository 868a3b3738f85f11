/**
 * Feature hedging (Chanin, Dulka and Garriga-Alonso, arXiv 2505.11756): an SAE with too few latents mixes parts of correlated features
 * into those it has. Given more latents, it takes these parts out again: decoder rows of the old latents move, within what the new ones span.
 *
 * Per latent i, with unit decoder rows: d_i = wide_i - narrow_i, p_i = |P d_i| with P the projection onto the span of the new rows. As in
 * the paper's `hedging_eval.py`: (mean p - b) / (1 - b), where b is what random directions in place of the new rows give. The paper draws these 50
 * times; their mean is known, b = mean |d_i| E|P u| for a unit vector u. The paper cuts values below zero
 * off, here they are told. It takes a latent that changed places with a new one for one that hedged; here it is counted apart.
 */
import { bootstrapIntervals, drawnSum, type Interval } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"

export interface HedgingRows {
  /** [narrow latents, d]: decoder rows of the SAE that was trained on without new latents. */
  readonly narrow: Float32Array
  /** [narrow latents + new ones, d]: of the one that was trained on with them. */
  readonly wide: Float32Array
  readonly d: number
}

export interface Hedging {
  /** Dimensions of what the new rows span. */
  readonly rank: number
  /** |d_i| of each narrow latent. */
  readonly change: Float64Array
  /** p_i: the part of it in the span of the new rows. */
  readonly inNew: Float64Array
  /** The new latent whose row is most alike to d_i, by the size of the cosine, and that cosine. */
  readonly taker: Int32Array
  readonly takerCosine: Float64Array
  /** 1 where a new latent has its direction now, and its own row turned away: it changed places, and hedged nothing by that. */
  readonly replaced: Uint8Array
}

/** Rows with norm one, in f64; a row of zeros stays so. */
export const unitRowsOf = (rows: ArrayLike<number>, d: number): Float64Array => {
  const unit = Float64Array.from(rows)
  for (let start = 0; start < unit.length; start += d) {
    const row = unit.subarray(start, start + d)
    const norm = Math.sqrt(row.reduce((sum, w) => sum + w * w, 0))
    if (norm > 0) row.forEach((w, c) => (row[c] = w / norm))
  }
  return unit
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let c = 0; c < a.length; c++) sum += (a[c] as number) * (b[c] as number)
  return sum
}

/** A row that has turned farther than this cosine from what it was is no mixture of it any more. */
const turned = 0.5

/** What is left of a unit row below this is rounding: f32 decoders know no more. */
const dependent = 1e-5

/** An orthonormal basis of what unit rows span, by Gram-Schmidt, twice for the digits that the first pass loses. */
export const spanOf = (rows: Float64Array, d: number): ReadonlyArray<Float64Array> => {
  const basis: Array<Float64Array> = []
  for (let start = 0; start < rows.length && basis.length < d; start += d) {
    const left = rows.slice(start, start + d)
    for (let pass = 0; pass < 2; pass++) {
      for (const axis of basis) {
        const along = dot(left, axis)
        for (let c = 0; c < d; c++) left[c] = (left[c] as number) - along * (axis[c] as number)
      }
    }
    const norm = Math.sqrt(dot(left, left))
    if (norm > dependent) basis.push(left.map((w) => w / norm))
  }
  return basis
}

/**
 * E|P u|: a unit vector of d dimensions, drawn evenly, projected onto `rank` of them. |P u|^2 is Beta(rank / 2, (d - rank) / 2), so that it is
 * g(rank) / g(d) with g(n) = Gamma((n + 1) / 2) / Gamma(n / 2), and g(n) g(n + 1) = n / 2.
 */
export const randomPart = (rank: number, d: number): number => {
  const g = (n: number): number => {
    let value = 1 / Math.sqrt(Math.PI)
    for (let i = 1; i < n; i++) value = i / (2 * value)
    return value
  }
  return rank === 0 ? 0 : g(rank) / g(d)
}

/** Unit rows of both, and d_i of each narrow latent, [narrow latents, d]. */
export const rowChanges = ({ narrow, wide, d }: HedgingRows) => {
  const [before, after] = [unitRowsOf(narrow, d), unitRowsOf(wide, d)]
  return { before, after, moved: before.map((w, at) => (after[at] as number) - w) }
}

/** Norm of the part of each row in a span. @param basis orthonormal */
export const partsIn = (rows: Float64Array, basis: ReadonlyArray<Float64Array>, d: number): Float64Array =>
  Float64Array.from({ length: rows.length / d }, (_, i) => {
    const row = rows.subarray(i * d, (i + 1) * d)
    return Math.sqrt(basis.reduce((sum, axis) => sum + dot(row, axis) ** 2, 0))
  })

/** @returns of each narrow latent; the sizes fit, with one new latent at least */
export const hedgingOf = (rows: HedgingRows): Hedging => {
  const { narrow, d } = rows
  const latents = narrow.length / d
  const { before, after, moved } = rowChanges(rows)
  const added = after.subarray(latents * d)
  const basis = spanOf(added, d)
  const change = new Float64Array(latents)
  const taker = new Int32Array(latents)
  const takerCosine = new Float64Array(latents)
  const replaced = new Uint8Array(latents)
  for (let i = 0; i < latents; i++) {
    const own = moved.subarray(i * d, (i + 1) * d)
    const size = Math.sqrt(dot(own, own))
    const row = before.subarray(i * d, (i + 1) * d)
    const kept = dot(row, after.subarray(i * d, (i + 1) * d))
    change[i] = size
    for (let j = 0; j < added.length / d; j++) {
      if (kept < turned && dot(row, added.subarray(j * d, (j + 1) * d)) > kept) replaced[i] = 1
      const cosine = size === 0 ? 0 : dot(own, added.subarray(j * d, (j + 1) * d)) / size
      if (Math.abs(cosine) > Math.abs(takerCosine[i] as number)) {
        taker[i] = latents + j
        takerCosine[i] = cosine
      }
    }
  }
  return { rank: basis.length, change, inNew: partsIn(moved, basis, d), taker, takerCosine, replaced }
}

/** Means over the narrow latents that no new one has replaced; NaN where there is none. */
export interface HedgingFigures {
  /** (p - b) / (1 - b) */
  readonly hedging: number
  /** The same over all narrow latents, replaced ones among them: the paper's code, but for what is below zero. */
  readonly published_hedging: number
  /** p */
  readonly change_in_new: number
  /** b: the control. */
  readonly random_in_new: number
  readonly decoder_change: number
  /** (p - b) / (1 - b) where latents of other seeds stand in the place of the new ones; NaN where none were given. */
  readonly other_hedging: number
  /** What is hedged beyond that. */
  readonly hedging_beyond_other: number
  /** Share of the squared change that lies in the span, less that of random directions (rank / d); NaN where nothing changed. */
  readonly excess_share: number
}

const hedgingBy = (inNew: number, random: number): number => (inNew - random) / (1 - random)

export const hedgingFigures = (
  { rank, change, inNew, replaced }: Hedging,
  d: number,
  other?: { readonly part: Float64Array; readonly random: number }
): { readonly figures: HedgingFigures; readonly intervals: Readonly<Record<string, Interval | undefined>> } => {
  const latents = change.length
  const random = randomPart(rank, d)
  const kept = replaced.map((gone) => 1 - gone)
  const products = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Float64Array.from({ length: latents }, (_, i) => (a[i] as number) * (b[i] as number))
  const own = { change: products(change, kept), inNew: products(inNew, kept) }
  const squares = { change: products(own.change, own.change), inNew: products(own.inNew, own.inNew) }
  const otherParts = other && products(other.part, kept)
  const of = (times: ArrayLike<number>): HedgingFigures => {
    const count = drawnSum(times, kept)
    const decoder_change = drawnSum(times, own.change) / count
    const change_in_new = drawnSum(times, own.inNew) / count
    const random_in_new = random * decoder_change
    const hedging = hedgingBy(change_in_new, random_in_new)
    const other_hedging =
      other === undefined || otherParts === undefined
        ? Number.NaN
        : hedgingBy(drawnSum(times, otherParts) / count, other.random * decoder_change)
    return {
      hedging,
      other_hedging,
      hedging_beyond_other: hedging - other_hedging,
      published_hedging: hedgingBy(drawnSum(times, inNew) / latents, (random * drawnSum(times, change)) / latents),
      change_in_new,
      random_in_new,
      decoder_change,
      excess_share: drawnSum(times, squares.inNew) / drawnSum(times, squares.change) - rank / d
    }
  }
  const intervals = bootstrapIntervals([latents], (times) => ({ ...of(times) }), Rng.make(0, "intervals of hedging"))
  return { figures: of(new Int32Array(latents).fill(1)), intervals }
}
