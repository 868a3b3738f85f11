import { expect, it } from "vitest"
import { clusteredInterval } from "../../src/numeric/clustered-interval.ts"
import { meanInterval } from "../../src/numeric/mean-interval.ts"
import * as Rng from "../../src/random/rng.ts"

const mean = (sum: number, count: number): number => sum / count

/** Thirty documents of 1 to 9 rows: what a document adds is as large as what a row adds. */
const drawn = (repeat: number) => {
  const rng = Rng.make(repeat, "documents")
  const rows = Array.from({ length: 30 }, (_, document) => {
    const own = rng.normal()
    return Array.from({ length: 1 + rng.int(9) }, () => ({ document, value: own + rng.normal() }))
  }).flat()
  return { cluster: rows.map(({ document }) => document), values: rows.map(({ value }) => value) }
}

it("an interval over documents covers the truth as often as it says, where one over their rows does not", () => {
  let [documents, rows] = [0, 0]
  for (let repeat = 0; repeat < 80; repeat++) {
    const { cluster, values } = drawn(repeat)
    const ones = values.map(() => 1)
    const own = clusteredInterval(cluster, [values, ones], mean, Rng.make(repeat, "draws"))
    const naive = meanInterval(values, Rng.make(repeat, "draws"))
    if (own !== undefined && own.low <= 0 && 0 <= own.high) documents++
    if (naive !== undefined && naive.low <= 0 && 0 <= naive.high) rows++
  }
  expect(documents / 80).toBeGreaterThanOrEqual(0.88)
  expect(documents / 80).toBeLessThanOrEqual(0.98)
  expect(rows / 80).toBeLessThan(0.8)
})

it("of rows that are a document each, an interval over documents is that of a mean", () => {
  const values = Array.from({ length: 30 }, (_, i) => (i * 7) % 11)
  const cluster = values.map((_, i) => 100 - i)
  const ones = values.map(() => 1)
  expect(clusteredInterval(cluster, [values, ones], mean, Rng.make(3, "draws"))).toEqual(
    meanInterval(values, Rng.make(3, "draws"))
  )
})
