/**
 * Which rows each step sees: one global permutation of all rows after another, cut into batches. A pure function of
 * seed and step, so that a resumed run goes on with exactly the rows that would have come.
 */
import * as Rng from "../../random/rng.ts"

export interface DataOrder {
  /** Row indices of step 0, 1, ...; a batch may span the end of one epoch and the start of the next. */
  readonly batch: (step: number) => Uint32Array<ArrayBuffer>
}

export const dataOrder = (rows: number, batchRows: number, seed: number): DataOrder => {
  let epoch = -1
  let order = new Uint32Array(0)
  return {
    batch: (step) => {
      const indices = new Uint32Array(batchRows)
      for (let filled = 0; filled < batchRows;) {
        const position = step * batchRows + filled
        const wanted = Math.floor(position / rows)
        if (wanted !== epoch) {
          order = Rng.make(seed, `row order of epoch ${wanted}`).permutation(rows)
          epoch = wanted
        }
        const from = position - wanted * rows
        const count = Math.min(batchRows - filled, rows - from)
        indices.set(order.subarray(from, from + count), filled)
        filled += count
      }
      return indices
    }
  }
}

/** Every row of a batch is drawn from all rows, so that the same one may come twice and another not at all. */
export const replacementOrder = (rows: number, batchRows: number, seed: number): DataOrder => ({
  batch: (step) => {
    const rng = Rng.make(seed, `rows with replacement of step ${step}`)
    return Uint32Array.from({ length: batchRows }, () => rng.int(rows))
  }
})

/** The rows as they come, over and over: for a source that is in random order already. */
export const givenOrder = (rows: number, batchRows: number): DataOrder => ({
  batch: (step) => Uint32Array.from({ length: batchRows }, (_, i) => (step * batchRows + i) % rows)
})

/**
 * The seed of the order in which rows are drawn once more after training, for what is estimated then. No purpose of its own by
 * name: SAEs that have been trained have thresholds that were estimated so.
 */
export const sampleSeed = (seed: number): number => seed ^ 0x7e5e
