import * as fc from "fast-check"
import { beforeAll, expect, it } from "vitest"
import { neighbourhoods, neighboursOfOthers, sharedFirings } from "../../../src/analysis/concepts/neighbourhood.ts"
import { randomUnitRows } from "../../../src/random/random-unit-rows.ts"
import { loadTestEngine } from "../../engine.ts"

beforeAll(loadTestEngine)

/** Rows of latents that fire, each with 1. */
const codes = (rows: ReadonlyArray<ReadonlyArray<number>>, d_sae: number) => {
  const offsets = new Uint32Array(rows.length + 1)
  for (const [i, row] of rows.entries()) offsets[i + 1] = offsets[i]! + row.length
  const latents = Uint32Array.from(rows.flat())
  return { rows: rows.length, d_sae, offsets, latents, values: new Float32Array(latents.length).fill(1) }
}

it("neighbours are the rows of the other SAE at the cosine asked for and above, nearest first, by hand", () => {
  // In the plane: east and north, of any length. Wide: 37 degrees, east, 53 degrees, west, 37 degrees again.
  const narrow = Float32Array.of(2, 0, 0, 5)
  const wide = Float32Array.of(0.8, 0.6, 3, 0, 0.6, 0.8, -1, 0, 8, 6)
  const [east, north] = neighbourhoods(narrow, wide, 2, 0.7)
  expect(east!.map(({ latent }) => latent)).toEqual([1, 0, 4])
  expect(north!.map(({ latent }) => latent)).toEqual([2])
  for (const [n, cosine] of [1, 0.8, 0.8].entries()) expect(east![n]!.cosine).toBeCloseTo(cosine, 6)
  expect(neighbourhoods(narrow, wide, 2, 0.55).map((near) => near.length)).toEqual([4, 3])
})

it("a firing is shared where any neighbour fires, by hand", () => {
  // Latent 0 fires at rows 0, 1, 2 and has neighbours 0 and 1: row 0 by one, row 1 by both, row 2 by neither.
  const own = codes([[0], [0, 1], [0], [1]], 3)
  const other = codes([[1], [0, 1], [2], [2]], 3)
  const near = [[{ latent: 0 }, { latent: 1 }], [{ latent: 2 }], [{ latent: 0 }]]
  expect([...sharedFirings(own, other, near)]).toEqual([2 / 3, 1 / 2, Number.NaN])
  expect([...sharedFirings(own, other, [[], [], []])]).toEqual([0, 0, Number.NaN])
})

it("the control gives each latent the next one's neighbours, and where one alone has some there is no control", () => {
  const of = (latent: number) => [{ latent, cosine: 1 }]
  const [a, b, c] = [of(0), of(1), of(2)]
  expect(neighboursOfOthers([a, [], b, c], [0, 1, 2])).toEqual([b, [], a, []])
  expect(neighboursOfOthers([a, [], b], [0, 1])).toBeUndefined()
  expect(neighboursOfOthers([[], []], [0, 1])).toBeUndefined()
})

it("an SAE's latents split in two have two neighbours each, which share all of their firings; random directions have none", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 0, max: 1000 }), (count, seed) => {
      const d = 64
      const narrow = randomUnitRows(count, d, seed)
      const wide = new Float32Array(2 * count * d)
      for (let latent = 0; latent < 2 * count; latent++) {
        wide.set(narrow.subarray((latent >> 1) * d, ((latent >> 1) + 1) * d), latent * d)
      }
      const near = neighbourhoods(narrow, wide, d, 0.9)
      expect(near.map((each) => each.map(({ latent }) => latent))).toEqual(
        Array.from({ length: count }, (_, n) => [2 * n, 2 * n + 1])
      )
      // Rows take turns between a latent's two parts.
      const rows = Array.from({ length: 4 * count }, (_, row) => row % (2 * count))
      const own = codes(
        rows.map((part) => [part >> 1]),
        count
      )
      const other = codes(
        rows.map((part) => [part]),
        2 * count
      )
      expect([...sharedFirings(own, other, near)]).toEqual(Array.from({ length: count }, () => 1))
      const random = neighbourhoods(randomUnitRows(count + 1, d, seed + 5000), wide, d, 0.9)
      expect(random.every((each) => each.length === 0)).toBe(true)
    }),
    { numRuns: 20 }
  )
})
