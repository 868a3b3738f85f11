import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { threadPlan } from "../../../src/execute/local/thread-plan.ts"
import { engineNames } from "../../../src/tensor/engine-info.ts"

describe("threads of engine stages", () => {
  it("are never more than there are CPUs, all stages taken together", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 256 }), fc.constantFrom(...engineNames), (cpus, engine) => {
        const { threads, cpus: counted, slots } = threadPlan(engine, cpus)
        expect(slots).toBeGreaterThanOrEqual(1)
        expect(threads * slots).toBeLessThanOrEqual(cpus)
        expect(counted).toBe(Math.ceil(threads / 2))
      })
    )
  })

  it("are two for a tensorflow stage on a machine of two, beside which there is room for another,, and one each for wasm", () => {
    expect(threadPlan("tensorflow", 2)).toEqual({ threads: 2, cpus: 1, slots: 1 })
    expect(threadPlan("wasm", 2)).toEqual({ threads: 1, cpus: 1, slots: 2 })
    expect(threadPlan("webgpu", 32).slots).toBe(1)
    expect(threadPlan("tensorflow", 32)).toEqual({ threads: 8, cpus: 4, slots: 4 })
    expect(threadPlan("tensorflow", 4, 1)).toEqual({ threads: 1, cpus: 1, slots: 4 })
  })
})
