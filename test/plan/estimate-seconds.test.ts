import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { estimateSeconds, type Timing } from "../../src/plan/estimate-seconds.ts"

const timing = (kind: string, params: Timing["params"], seconds: number): Timing => ({ kind, params, seconds })

describe("the time that a stage may take", () => {
  it("is what the same kind took with the most similar parameters", () => {
    const known = [
      timing("train-sae", { d_sae: 512, k: 16, architecture: "topk" }, 10),
      timing("train-sae", { d_sae: 4096, k: 16, architecture: "topk" }, 80),
      timing("train-sae", { d_sae: 2048, k: 16, architecture: "gated" }, 300),
      timing("evaluate-sae", { d_sae: 2048 }, 1)
    ]
    const of = (params: Timing["params"]) => estimateSeconds({ kind: "train-sae", params }, known)
    expect(of({ d_sae: 640, k: 16, architecture: "topk" })).toBe(10)
    expect(of({ d_sae: 3000, k: 16, architecture: "topk" })).toBe(80)
    expect(of({ d_sae: 2048, k: 16, architecture: "gated" })).toBe(300)
    expect(estimateSeconds({ kind: "stitch-saes", params: {} }, known)).toBeUndefined()
  })

  it("is the middle one of those that are equally similar, and one that was there in any case", () => {
    const same = [7, 100, 5].map((seconds) => timing("a", { x: 1 }, seconds))
    expect(estimateSeconds({ kind: "a", params: { x: 1 } }, same)).toBe(7)
    const known = fc.array(
      fc.record({
        kind: fc.constant("a"),
        params: fc.dictionary(fc.constantFrom("x", "y"), fc.integer()),
        seconds: fc.nat()
      }),
      { minLength: 1 }
    )
    fc.assert(
      fc.property(known, fc.nat(), (timings, which) => {
        const { params } = timings[which % timings.length] as Timing
        const seconds = estimateSeconds({ kind: "a", params }, timings)
        const exact = timings.filter((each) => JSON.stringify(each.params) === JSON.stringify(params))
        expect(timings.map((each) => each.seconds)).toContain(seconds)
        if (new Set(exact.map((each) => each.seconds)).size === 1 && exact.length === timings.length) {
          expect(seconds).toBe(exact[0]?.seconds)
        }
      }),
      { numRuns: 50 }
    )
  })
})
