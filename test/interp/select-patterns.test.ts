import { describe, expect, it } from "vitest"
import { measurePattern, selectPatterns } from "../../src/interp/select-patterns.ts"
import { indexPositions } from "../../src/interp/token-stream.ts"

const pattern = (step: number, positions: ReadonlyArray<number>, precision: number) => ({
  steps: [step],
  activation: 1,
  positions: Int32Array.from(positions),
  precision
})

describe("selection of patterns", () => {
  it("measures a pattern where it matches in the text", () => {
    const stream = { ids: Int32Array.of(0, 1, 2, 0, 1, 2, 0, 2, 2), contextSize: 3, leading: 1 }
    const index = indexPositions(stream, Int32Array.of(1, 2, 4, 5, 7, 8))
    const measured = measurePattern(stream, index, new Set([2, 8]), { steps: [2, 1], activation: 1 })
    expect([...measured.positions]).toEqual([2, 5])
    expect(measured.precision).toBe(0.5)
  })

  it("takes imprecise patterns only as long as F1 grows", () => {
    const firing = new Set([1, 2, 3, 4, 5, 6])
    const exact = pattern(1, [1, 2], 1)
    // Three quarters right: F1 goes from 2*2/(2+6) = 0.5 to 2*5/(6+6) = 0.83.
    const good = pattern(2, [3, 4, 5, 9], 0.75)
    // One of ten right: F1 would fall to 2*6/(16+6) = 0.55.
    const bad = pattern(3, [6, 11, 12, 13, 14, 15, 16, 17, 18, 19], 0.1)
    expect(selectPatterns([bad, good, exact], firing)).toEqual([exact, good])
  })

  it("leaves out a pattern that matches nothing new", () => {
    const whole = pattern(1, [1, 2, 3], 1)
    const part = pattern(2, [2, 3], 1)
    expect(selectPatterns([part, whole], new Set([1, 2, 3]))).toEqual([whole])
  })

  it("keeps nothing where no pattern ever hits", () => {
    expect(selectPatterns([pattern(1, [8, 9], 0)], new Set([1]))).toEqual([])
  })
})
