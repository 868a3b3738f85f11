import { describe, expect, it } from "vitest"
import { heldOutUnits } from "../../../src/sae/evaluate/held-out-units.ts"
import { meanIntervals } from "../../../src/sae/evaluate/reconstruction-figures.ts"
import { makeReconstructionSums } from "../../../src/sae/evaluate/reconstruction-sums.ts"
import type { RowOrigin } from "../../../src/sae/evaluate/row-sums.ts"
import * as Rng from "../../../src/random/rng.ts"

const d = 3
const documents = 40
const split = {
  by: "document" as const,
  held_out_fraction: 0.1,
  seed: 0,
  held_out_documents: Array.from({ length: documents }, (_, n) => 5 * n),
  first_held_out_context: null
}
const units = heldOutUnits({ split, context_size: 16, contexts: { contexts: 100 } })

/** `rows` rows of each document, whose errors are `error` in size, about a mean of 1000. */
const measure = (rows: number, error: (document: number) => number, between: number) => {
  const rng = Rng.make(1, "rows")
  const groups = { count: units.count, of: (row: RowOrigin) => units.of(row.document, row.position) }
  const sums = makeReconstructionSums(d, groups)
  for (const document of split.held_out_documents) {
    const shift = between * rng.normal()
    const x = Float32Array.from({ length: rows * d }, () => 1000 + shift + rng.normal())
    const xHat = x.map((value) => value + error(document))
    sums.add(x, xHat, () => ({ document, position: 0, token: 0 }), new Int32Array(rows).fill(16))
  }
  return { ...sums.result(), intervals: sums.intervals(Rng.make(0, "draws")), measured: sums.measured }
}
const width = (interval: { readonly low: number; readonly high: number } | undefined): number =>
  interval === undefined ? Number.NaN : interval.high - interval.low

describe("intervals of reconstruction", () => {
  it("hold the value, are narrow where documents are alike, and are not told where nothing differs", () => {
    const { explained_variance, intervals } = measure(50, (document) => (document % 2 === 0 ? 0.5 : 0.5 + 2 ** -13), 0)
    const { explained_variance: ev, l0, mse } = intervals
    expect(ev?.low).toBeLessThan(explained_variance)
    expect(ev?.high).toBeGreaterThan(explained_variance)
    expect(l0).toBeUndefined()
    expect(width(mse)).toBeLessThan(1e-3)
  })

  it("are also of other definitions, each about its own value, and of a mean over sources as wide as its parts are alike", () => {
    const error = (document: number): number => (document % 2 === 0 ? 0.2 : 1)
    const { intervals, measured, ...values } = measure(20, error, 2)
    for (const name of [
      "explained_variance_legacy",
      "explained_variance_batch",
      "explained_variance_uncentred"
    ] as const) {
      expect(intervals[name]?.low).toBeLessThan(values[name])
      expect(intervals[name]?.high).toBeGreaterThan(values[name])
    }
    // Rows of the same tokens: twice the same source tells no more than once.
    const { explained_variance } = meanIntervals([measured, measured], Rng.make(0, "draws"))
    expect(explained_variance).toEqual(intervals["explained_variance"])
    // A second source whose error is everywhere the same halves the width.
    const steady = measure(20, () => 0.2, 2)
    const both = meanIntervals([measured, steady.measured], Rng.make(0, "draws"))
    expect(width(both.explained_variance)).toBeLessThan(0.6 * width(explained_variance))
  })

  it("are over documents: ten times the rows of the same documents tell hardly more", () => {
    const error = (document: number): number => (document % 2 === 0 ? 0.2 : 1)
    const [few, many] = [measure(20, error, 2), measure(200, error, 2)].map(({ intervals }) => width(intervals["mse"]))
    expect(many).toBeGreaterThan(0.8 * (few ?? 0))
    expect(many).toBeLessThan(1.25 * (few ?? 0))
  })
})

it("units are contexts where fewer than eight documents are held out", () => {
  const few = { ...split, held_out_documents: [3, 4] }
  const { by, of } = heldOutUnits({ split: few, context_size: 16, contexts: { contexts: 100 } })
  expect([by, of(3, 0), of(3, 15), of(4, 16)]).toEqual(["context", 0, 0, 1])
  const tail = { ...split, by: "contexts" as const, held_out_documents: [], first_held_out_context: 90 }
  const last = heldOutUnits({ split: tail, context_size: 16, contexts: { contexts: 100 } })
  expect([last.count, last.of(0, 90 * 16), last.of(0, 99 * 16)]).toEqual([10, 0, 9])
})

it("more units than a thousand are joined with their neighbours", () => {
  const many = { ...split, held_out_documents: Array.from({ length: 5000 }, (_, n) => n) }
  const { count, of } = heldOutUnits({ split: many, context_size: 16, contexts: { contexts: 9000 } })
  expect([count, of(0, 0), of(4, 0), of(5, 0), of(4999, 0)]).toEqual([1000, 0, 0, 1, 999])
})
