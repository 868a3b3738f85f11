import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { TokenPattern } from "../../src/interp/token-trie.ts"
import { makeTrie, matchesPattern, predictActivation, wildcard } from "../../src/interp/token-trie.ts"

// Few tokens and short patterns, so that random patterns do match.
const step = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(wildcard))
const steps = fc.array(step, { minLength: 1, maxLength: 4 })
const activation = fc.double({ min: 0.01, max: 1, noNaN: true })
const pattern: fc.Arbitrary<TokenPattern> = fc.record({ steps, activation })
const text = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 12 })
const place = text.chain((tokens) =>
  fc.record({
    tokens: fc.constant(tokens),
    position: fc.integer({ min: 0, max: tokens.length - 1 }),
    start: fc.integer({ min: 0, max: tokens.length - 1 })
  })
)

describe("token trie", () => {
  it("predicts the largest activation among the patterns that match, and 0 where none does", () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 8 }), place, (patterns, { tokens, position, start }) => {
        fc.pre(position >= start)
        const matching = patterns.filter((p) => matchesPattern(p.steps, tokens, position, start))
        const expected = Math.max(0, ...matching.map((p) => p.activation))
        expect(predictActivation(makeTrie(patterns), tokens, position, start)).toBe(expected)
      })
    )
  })

  it("does not depend on the order of the patterns, nor on their repetition", () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 8 }), place, (patterns, { tokens, position, start }) => {
        const once = predictActivation(makeTrie(patterns), tokens, position, start)
        const twice = predictActivation(makeTrie([...patterns, ...patterns.toReversed()]), tokens, position, start)
        expect(twice).toBe(once)
      })
    )
  })

  it("never predicts less after a literal has become a wildcard", () => {
    fc.assert(
      fc.property(pattern, fc.nat(), place, (p, at, { tokens, position, start }) => {
        const looser = p.steps.with(at % p.steps.length, wildcard)
        const before = predictActivation(makeTrie([p]), tokens, position, start)
        const after = predictActivation(makeTrie([{ ...p, steps: looser }]), tokens, position, start)
        expect(after).toBeGreaterThanOrEqual(before)
      })
    )
  })

  it("reads nothing to the left of the start of the context", () => {
    const trie = makeTrie([{ steps: [7, 5], activation: 1 }])
    expect(predictActivation(trie, [5, 7], 1, 0)).toBe(1)
    expect(predictActivation(trie, [5, 7], 1, 1)).toBe(0)
  })

  it("lets a wildcard stand for exactly one token", () => {
    // " the" any " cat": ids 1, any, 2
    const trie = makeTrie([{ steps: [2, wildcard, 1], activation: 0.5 }])
    expect(predictActivation(trie, [1, 9, 2], 2, 0)).toBe(0.5)
    expect(predictActivation(trie, [1, 2], 1, 0)).toBe(0)
    expect(predictActivation(trie, [1, 9, 9, 2], 3, 0)).toBe(0)
  })

  it("prefers neither the shorter nor the longer match but the larger activation", () => {
    const trie = makeTrie([
      { steps: [2], activation: 0.9 },
      { steps: [2, 1], activation: 0.6 },
      { steps: [3], activation: 0.6 },
      { steps: [3, 1], activation: 0.9 }
    ])
    expect(predictActivation(trie, [1, 2], 1, 0)).toBe(0.9)
    expect(predictActivation(trie, [1, 3], 1, 0)).toBe(0.9)
    expect(predictActivation(trie, [0, 3], 1, 0)).toBe(0.6)
  })

  it("refuses a pattern without tokens, which would match everywhere", () => {
    expect(() => makeTrie([{ steps: [], activation: 1 }])).toThrow(/activating token/)
  })
})
