import { expect, it } from "vitest"
import { someOf } from "../../src/words/some-of.ts"

it("names a few, and tells how many more where it leaves out at least two", () => {
  expect(someOf(["a"])).toBe("a")
  expect(someOf(["a", "b", "c", "d", "e"])).toBe("a, b, c, d, e")
  expect(someOf(["a", "b", "c", "d", "e", "f"])).toBe("a, b, c, d and 2 more")
  expect(someOf(["a", "b", "c", "d"], 2)).toBe("a, b and 2 more")
})
