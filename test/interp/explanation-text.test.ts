import { describe, expect, it } from "vitest"
import { explanationText } from "../../src/interp/explanation-text.ts"
import { wildcard } from "../../src/interp/token-trie.ts"

const words = [" the", " cat", " cow", " can", " dog", "\n"]
const text = (token: number): string => words[token] as string

describe("explanation text", () => {
  it("names the tokens, most matches first", () => {
    const patterns = [
      { steps: [1], matches: 2 },
      { steps: [4], matches: 5 }
    ]
    expect(explanationText(patterns, text)).toBe('" dog", " cat"')
  })

  it("says which letter all tokens begin with", () => {
    const patterns = [1, 2, 3].map((token) => ({ steps: [token], matches: 4 - token }))
    expect(explanationText(patterns, text)).toBe('" cat", " cow", " can" (all begin with c)')
  })

  it("puts tokens with the same context together, and reads contexts from left to right", () => {
    const patterns = [
      { steps: [1, wildcard, wildcard, 0, wildcard, 5], matches: 3 },
      { steps: [4, wildcard, wildcard, 0, wildcard, 5], matches: 2 }
    ]
    expect(explanationText(patterns, text)).toBe('" cat", " dog" after "\\n" … " the" …(2)')
  })

  it("says so where there is no pattern, and where any token will do", () => {
    expect(explanationText([], text)).toBe("no token pattern found")
    expect(explanationText([{ steps: [wildcard, 0], matches: 1 }], text)).toBe('any token after " the"')
  })

  it("counts what it leaves out", () => {
    const patterns = Array.from({ length: 5 }, (_, i) => ({ steps: [4, i], matches: 10 - i }))
    expect(explanationText(patterns, text)).toBe(
      '" dog" after " the"; " dog" after " cat"; " dog" after " cow", 2 more contexts'
    )
  })
})
