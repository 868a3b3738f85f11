import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Schema from "effect/Schema"
import { beforeAll, expect, it } from "vitest"
import { presentFeatures } from "../../../src/analysis/ground-truth/present-features.ts"
import { directionFigures, firingFigures } from "../../../src/analysis/ground-truth/truth-figures.ts"
import type { LatentCodes } from "../../../src/analysis/latent-codes.ts"
import { loadTestEngine } from "../../engine.ts"

beforeAll(loadTestEngine)

const numbers = Schema.Array(Schema.Finite)
const Cases = Schema.fromJsonString(
  Schema.Array(
    Schema.Struct({
      d: Schema.Int,
      W_dec: numbers,
      features: numbers,
      codes: Schema.Array(Schema.Array(Schema.Int)),
      fires: Schema.Array(Schema.Array(Schema.Int)),
      mcc: Schema.Finite,
      uniqueness: Schema.Finite,
      f1: Schema.Finite,
      precision: Schema.Finite,
      recall: Schema.Finite
    })
  )
)

const compressed = (rows: ReadonlyArray<ReadonlyArray<number>>) => ({
  start: Int32Array.from([0, ...rows].map((_, row) => rows.slice(0, row).flat().length)),
  feature: Int32Array.from(rows.flat())
})

const codesOf = (rows: ReadonlyArray<ReadonlyArray<number>>, d_sae: number): LatentCodes => {
  const { start, feature } = compressed(rows)
  return {
    rows: rows.length,
    d_sae,
    offsets: Uint32Array.from(start),
    latents: Uint32Array.from(feature),
    values: new Float32Array(feature.length).fill(1)
  }
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

it("figures are those of SAELens' own code: more features than latents, fewer, as many", () => {
  const text = readFileSync(join(import.meta.dirname, "../../golden/ground-truth/saelens-synthetic.json"), "utf8")
  for (const { d, W_dec, features, codes, fires, ...wanted } of Schema.decodeUnknownSync(Cases)(text)) {
    const found = directionFigures(Float32Array.from(W_dec), Float32Array.from(features), d)
    expect(found.mcc).toBeCloseTo(wanted.mcc, 5)
    expect(found.uniqueness).toBeCloseTo(wanted.uniqueness, 6)
    const fired = firingFigures(codesOf(codes, W_dec.length / d), compressed(fires), found.feature, features.length / d)
    expect(mean(fired.f1)).toBeCloseTo(wanted.f1, 6)
    expect(mean(fired.precision)).toBeCloseTo(wanted.precision, 6)
    expect(mean(fired.recall)).toBeCloseTo(wanted.recall, 6)
    expect(fired.dead).toBe(1)
  }
})

it("a dictionary that is the features, and fires with them, has found all; random directions have found none", () => {
  const features = Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0.6, 0.8)
  const rows = [[0, 2], [1], [0, 1, 2], []]
  const { mcc, uniqueness, best, feature } = directionFigures(
    features.map((x) => -3 * x),
    features,
    4
  )
  expect([mcc, uniqueness, ...best].map((x) => x.toFixed(5))).toEqual(Array.from({ length: 5 }, () => "1.00000"))
  expect([...firingFigures(codesOf(rows, 3), compressed(rows), feature, 3).f1]).toEqual([1, 1, 1])
  const other = directionFigures(Float32Array.of(0, 0, 1, 1), features, 4)
  expect(Math.max(...other.best)).toBeLessThan(1)
  expect(other.best[0]).toBe(0)
})

it("features that a world lacks are no targets, and a child of one stands by itself", () => {
  const { ids, truth } = presentFeatures({
    d_in: 2,
    features: Float32Array.of(1, 0, 0, 1, 0.6, 0.8),
    bias: new Float32Array(2),
    probabilities: Float32Array.of(0, 0.5, 0.25),
    start: Int32Array.of(0, 2, 3),
    feature: Int32Array.of(1, 2, 1),
    magnitude: new Float32Array(3).fill(1),
    parts: undefined,
    parent: Int32Array.of(-1, 0, 1)
  })
  expect(ids).toEqual([1, 2])
  expect([...truth.features]).toEqual([...Float32Array.of(0, 1, 0.6, 0.8)])
  expect([...truth.probabilities, ...truth.feature, ...truth.parent!]).toEqual([0.5, 0.25, 0, 1, 0, -1, 0])
})
