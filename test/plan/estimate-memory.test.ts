import { describe, expect, it } from "vitest"
import { estimateMemory, type MemoryUse } from "../../src/plan/estimate-memory.ts"

const GIB = 1024 ** 3
const used = (kind: string, params: MemoryUse["params"], peakMemory: number | undefined): MemoryUse => ({
  kind,
  params,
  peakMemory
})

describe("the memory that a stage is given where nobody says how much it takes", () => {
  const known = [
    used("load-text", { tokens: 1000 }, 2 * GIB),
    used("load-text", { tokens: 1000 }, 1 * GIB),
    used("load-model", { source: "a" }, 3 * GIB),
    used("load-model", { source: "b" }, undefined),
    used("command", { run: "train" }, 0.1 * GIB)
  ]
  const of = (...instances: ReadonlyArray<readonly [string, MemoryUse["params"]]>) =>
    estimateMemory(
      instances.map(([kind, params]) => ({ kind, params })),
      known
    )?.bytes

  it("is half as much again as it took with these parameters, the most where inputs differed", () => {
    expect(of(["load-text", { tokens: 1000 }])).toBe(3 * GIB)
  })

  it("is no less than for one of which nothing is known where parameters have changed", () => {
    expect(of(["load-text", { tokens: 2000 }])).toBe(4 * GIB)
    expect(of(["load-model", { source: "b" }])).toBe(6 * GIB)
    expect(of(["train-sae", {}])).toBe(4 * GIB)
  })

  it("trusts no measurement of a command, whose programs nobody has measured", () => {
    expect(of(["command", { run: "train" }])).toBe(4 * GIB)
  })

  it("is the same for all instances of a stage, which are one job array", () => {
    expect(of(["load-text", { tokens: 1000 }], ["load-text", { tokens: 2000 }])).toBe(4 * GIB)
    expect(of()).toBeUndefined()
  })
})
