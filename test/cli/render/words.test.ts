import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  count,
  formatBytes,
  formatMetrics,
  formatNumber,
  formatSeconds,
  formatTable
} from "../../../src/cli/render/words.ts"

describe("numbers, times and sizes for people", () => {
  it("numbers: four digits, integers whole", () => {
    expect([0.93123, 150_000, 0, -12.345678, 1.2345e-5, 4.5e7 + 0.5].map(formatNumber)).toEqual([
      "0.9312",
      "150000",
      "0",
      "-12.35",
      "1.23e-5",
      "4.50e+7"
    ])
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), (value) => {
        expect(Math.abs(Number(formatNumber(value)) - value)).toBeLessThanOrEqual(Math.abs(value) * 6e-3)
      })
    )
  })

  it("times: never 60 s or 60 min", () => {
    expect([0.04, 9.96, 59.6, 60, 185, 3599.6, 7801].map(formatSeconds)).toEqual([
      "0.0 s",
      "10.0 s",
      "1 min 0 s",
      "1 min 0 s",
      "3 min 5 s",
      "1 h 0 min",
      "2 h 10 min"
    ])
  })

  it("sizes, counts and metrics", () => {
    expect([0, 1023, 1024, 3.4 * 2 ** 20, 2 ** 50].map(formatBytes)).toEqual([
      "0 B",
      "1023 B",
      "1.0 KiB",
      "3.4 MiB",
      "1024.0 TiB"
    ])
    expect([count(1, "stage"), count(0, "stage"), count(2, "stage")]).toEqual(["1 stage", "0 stages", "2 stages"])
    expect(formatMetrics({ a: 1, b: 0.5 }, ["b", "c"])).toBe("b 0.5")
  })

  it("tables: columns of one width, and a long cell moves its own row alone", () => {
    expect(
      formatTable([
        ["a", "bb", "c"],
        ["dddd", "e"],
        ["x".repeat(41), "y"],
        ["f", "waits for its turn"]
      ])
    ).toBe(`a     bb  c\ndddd  e\n${"x".repeat(41)}  y\nf     waits for its turn`)
  })
})
