import { describe, expect, it } from "vitest"
import { flatMetrics } from "../../src/command/read-metrics.ts"

describe("metrics.json of a program", () => {
  it("is taken as it is where it is a flat map of numbers", () => {
    expect(flatMetrics('{"a": 1, "b": -2.5e-3}')).toEqual({ metrics: { a: 1, b: -0.0025 }, left: [] })
  })

  it("is flattened by paths", () => {
    expect(flatMetrics('{"train": {"loss": 1.5, "by": {"x": 2}}, "val": {"loss": 2}}')).toEqual({
      metrics: { "train.loss": 1.5, "train.by.x": 2, "val.loss": 2 },
      left: []
    })
  })

  it("loses what is no finite number, by name, and nothing else: NaN as Python writes it, text, lists, null", () => {
    expect(
      flatMetrics('{"loss": NaN, "top": Infinity, "low": -Infinity, "acc": 0.5, "name": "NaN", "all": [1], "no": null}')
    ).toEqual({
      metrics: { acc: 0.5 },
      left: ["loss", "top", "low", "name", "all", "no"]
    })
  })

  it("counts a path once, the first", () => {
    expect(flatMetrics('{"a.b": 1, "a": {"b": 2}}')).toEqual({ metrics: { "a.b": 1 }, left: ["a.b"] })
  })

  it("says what is wrong with the whole", () => {
    expect(flatMetrics("[1]").left[0]).toMatch(/no map/)
    expect(flatMetrics("loss 1").left[0]).toMatch(/no JSON/)
  })
})
