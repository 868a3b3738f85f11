import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { scoreClassifier } from "../../src/interp/classifier-score.ts"
import { countConfusion, derangement, scoreExplanations } from "../../src/interp/score-explanations.ts"
import { firingTokens, tokenPositions } from "../../src/interp/token-rule.ts"
import { indexPositions } from "../../src/interp/token-stream.ts"
import { make } from "../../src/random/rng.ts"

describe("scores of explanations", () => {
  it("computes precision, recall, F1 and balanced accuracy from the four counts", () => {
    // 6 of 8 predictions are right, 6 of 10 firings are found, 88 of 90 silent positions are left alone.
    const score = scoreClassifier({ truePositives: 6, falsePositives: 2, falseNegatives: 4, trueNegatives: 88 })
    expect(score.precision).toBe(0.75)
    expect(score.recall).toBe(0.6)
    expect(score.f1).toBeCloseTo((2 * 0.75 * 0.6) / (0.75 + 0.6), 12)
    expect(score.balancedAccuracy).toBeCloseTo((0.6 + 88 / 90) / 2, 12)
  })

  it("gives no precision and an F1 of 0 to an explanation that predicts nothing", () => {
    const score = scoreClassifier({ truePositives: 0, falsePositives: 0, falseNegatives: 4, trueNegatives: 96 })
    expect(score).toEqual({ precision: 0, recall: 0, f1: 0, balancedAccuracy: 0.5 })
  })

  it("refuses to score where nothing fires, or everything does", () => {
    const nothing = { truePositives: 0, falsePositives: 1, falseNegatives: 0, trueNegatives: 9 }
    const everything = { truePositives: 9, falsePositives: 0, falseNegatives: 1, trueNegatives: 0 }
    expect(() => scoreClassifier(nothing)).toThrow(/recall is undefined/)
    expect(() => scoreClassifier(everything)).toThrow(/specificity is undefined/)
  })

  it("counts positions as sets do", () => {
    const ascending = fc.uniqueArray(fc.nat(40)).map((list) => Int32Array.from(list).toSorted())
    fc.assert(
      fc.property(ascending, ascending, (predicted, firing) => {
        const truth = new Set(firing)
        const counts = countConfusion(predicted, firing, 41)
        expect(counts.truePositives).toBe(predicted.filter((position) => truth.has(position)).length)
        expect(counts.truePositives + counts.falsePositives).toBe(predicted.length)
        expect(counts.truePositives + counts.falseNegatives).toBe(firing.length)
        expect(Object.values(counts).reduce((a, b) => a + b)).toBe(41)
      })
    )
  })

  it("shuffles so that nobody keeps the own explanation", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 50 }), fc.nat(), (n, seed) => {
        const order = derangement(n, make(seed, "shuffle"))
        expect([...order].toSorted((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
        expect(order.every((j, i) => j !== i)).toBe(true)
      })
    )
  })

  it("sets each latent beside the explanations of the others, by hand for two latents", () => {
    const predicted = [Int32Array.of(1, 2), Int32Array.of(5)]
    const firing = [Int32Array.of(1, 2, 3), Int32Array.of(2, 5)]
    const [first, second] = scoreExplanations(predicted, firing, 10, 3, make(0, "shuffle"))
    // Own: TP 2, FN 1 -> 4/5. The other's {5} on {1,2,3}: TP 0 -> 0.
    expect(first?.f1).toBeCloseTo(0.8, 12)
    expect(first?.shuffledF1).toBe(0)
    // Own: TP 1, FN 1 -> 2/3. The other's {1,2} on {2,5}: TP 1, FP 1, FN 1 -> 2/4.
    expect(second?.f1).toBeCloseTo(2 / 3, 12)
    expect(second?.shuffledF1).toBeCloseTo(0.5, 12)
  })

  it("sets each latent beside the tokens alone: the set of tokens of the best F1, found on training rows", () => {
    const stream = { ids: Int32Array.of(7, 7, 8, 8, 8, 9, 7, 9, 8, 7), contextSize: 10, leading: 0 }
    const train = indexPositions(stream, Int32Array.of(0, 1, 2, 3, 4, 5))
    // Fires on both 7s and on one of three 8s: with 7 alone F1 is 4 / 5, with both 6 / 8.
    const tokens = firingTokens(stream, train, Int32Array.of(0, 1, 2))
    expect(tokens).toEqual([7])
    expect([...tokenPositions(indexPositions(stream, Int32Array.of(6, 7, 8, 9)), tokens)]).toEqual([6, 9])
    // On two of three 8s the second token is worth it: 8 / 9 against 4 / 6.
    expect(firingTokens(stream, train, Int32Array.of(0, 1, 2, 3))).toEqual([7, 8])
    expect(firingTokens(stream, train, new Int32Array(0))).toEqual([])
  })

  it("leaves a latent that never fires on held-out text without a score", () => {
    const predicted = [Int32Array.of(1), Int32Array.of(2)]
    const firing = [Int32Array.of(1), new Int32Array(0)]
    const [first, second] = scoreExplanations(predicted, firing, 10, 2, make(0, "shuffle"))
    expect(first?.f1).toBe(1)
    expect(second).toBeNull()
  })
})
