import * as fc from "fast-check"
import { expect, it } from "vitest"
import { readable, shownWith, visible, visibleAlone } from "../../src/report/page/readable-text.ts"
import { wholeWords } from "../../src/report/browser/script/whole-words.ts"

it("shows what has no shape: line ends, controls, marks and overrides of direction; joiners stay with their letters", () => {
  expect(visible("a\r\n\tb\u0000\u007f")).toBe("a␍↵⇥b␀␡")
  expect(visible("\u202ereversed\u200b\ufeff")).toBe("[U+202E]reversed[U+200B][U+FEFF]")
  expect(visible("\u{1F468}\u200d\u{1F469}")).toBe("\u{1F468}\u200d\u{1F469}")
  expect(visibleAlone("\u200d")).toBe("[U+200D]")
})

it("puts an accent that stands alone on a circle, not on what is before it", () => {
  expect(visibleAlone("\u0301")).toBe("◌\u0301")
  expect(visibleAlone("e\u0301")).toBe("e\u0301")
  expect(readable('"\u0301" after " cafe"')).toBe('"◌\u0301" after " cafe"')
})

it("reads a quoted token from right to left within its quotation marks, and leaves the sentence as it is", () => {
  expect(readable('" שלום", " cat" after "\u202eא"')).toBe('\u2068" שלום"\u2069, " cat" after \u2068"[U+202E]א"\u2069')
  expect(readable('"a \\" b", "c"')).toBe('"a \\" b", "c"')
})

it("shows tokens of one character together: accents, vowel signs, joined emoji, a line end of two", () => {
  expect(shownWith([" cafe", "\u0301", " cat"])).toEqual([0, 0, 2])
  expect(shownWith([" ก", "\u0e34", "น"])).toEqual([0, 0, 2])
  expect(shownWith([" \u{1F468}", "\u200d", "\u{1F469}", "!"])).toEqual([0, 0, 0, 3])
  // After a line end there is no letter that the accent could be of.
  expect(shownWith(["\n", "\u0301", "a"])).toEqual([0, 1, 2])
})

it("loses no token and puts none before its own characters", () => {
  const token = fc.array(fc.constantFrom("a", " ", "\u0301", "\u200d", "\u{1F468}", "न", "्", "\n"), { minLength: 1 })
  fc.assert(
    fc.property(fc.array(token), (parts) => {
      const tokens = parts.map((part) => part.join(""))
      const firsts = shownWith(tokens)
      expect(firsts).toHaveLength(tokens.length)
      for (const [i, first] of firsts.entries()) {
        expect(first === i || first === firsts[i - 1]).toBe(true)
        expect(firsts[first]).toBe(first)
      }
    })
  )
})

it("cuts a window at whole words, whose letters may have signs; scripts without spaces are not cut", () => {
  // The window begins and ends within a word.
  expect(wholeWords(["ते", " the", " नम", "स्", "ते"], 1)).toEqual([1, 2])
  expect(wholeWords(["\u0301s", " cat", " the"], 1)).toEqual([1, 2])
  expect(wholeWords(["我", "们", "喜欢", "猫"], 2)).toEqual([0, 4])
  expect(wholeWords(["ing", " cat", ".", " th"], 1)).toEqual([1, 3])
})
