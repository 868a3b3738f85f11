/**
 * Rows that are read page by page, in order: the pages of the rows asked for are in memory, and those of the rows asked
 * for before.
 */
import * as Effect from "effect/Effect"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { StageFailed } from "../stage/stage-failed.ts"
import type { RowSource } from "./row-source.ts"

export interface Pages {
  readonly d_in: number
  /** Index of the first row of each page, and the number of all rows at the end. Ascending. */
  readonly starts: ArrayLike<number>
  readonly read: (page: number) => Effect.Effect<Float32Array, StageFailed | ArtifactError>
}

/** Page that holds a row. */
export const pageOf = (starts: ArrayLike<number>, row: number): number => {
  let low = 0
  let high = starts.length - 2
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] as number) <= row) low = middle
    else high = middle - 1
  }
  return low
}

/** @param sampleRows least number of rows to be at hand from the start; all, where there are fewer */
export const pagedStream = Effect.fn("pagedStream")(function* ({ d_in, starts, read }: Pages, sampleRows: number) {
  const rows = starts[starts.length - 1] as number
  let held = new Map<number, Float32Array>()
  let before: ReadonlySet<number> = new Set()

  const hold = Effect.fnUntraced(function* (wanted: ReadonlySet<number>) {
    for (const page of held.keys()) if (!wanted.has(page) && !before.has(page)) held.delete(page)
    for (const page of wanted) if (!held.has(page)) held.set(page, yield* read(page))
    before = wanted
  })

  const pages = starts.length - 1
  const first = new Set<number>()
  let sample = 0
  for (let page = 0; page < pages && sample < sampleRows; page++) {
    first.add(page)
    sample = starts[page + 1] as number
  }
  yield* hold(first)
  // Only statistics are of as many: the first rows that are loaded take their place.
  before = new Set()
  const source: RowSource = {
    rows,
    d_in,
    gather: (indices, into) => {
      let page = -1
      let from = 0
      let until = 0
      let values = new Float32Array(0)
      for (let i = 0; i < indices.length; i++) {
        const row = indices[i] as number
        if (row < from || row >= until) {
          page = pageOf(starts, row)
          const found = held.get(page)
          if (found === undefined) throw new RangeError(`row ${row} of a stream was not loaded`)
          from = starts[page] as number
          until = starts[page + 1] as number
          values = found as Float32Array<ArrayBuffer>
        }
        into.set(values.subarray((row - from) * d_in, (row - from + 1) * d_in), i * d_in)
      }
    },
    stream: {
      sample,
      load: (indices) => {
        const wanted = new Set<number>()
        for (const row of indices) wanted.add(pageOf(starts, row))
        return hold(wanted)
      }
    }
  }
  return source
})
