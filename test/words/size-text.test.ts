import * as fc from "fast-check"
import { expect, it } from "vitest"
import { sizesApart, sizeText } from "../../src/words/size-text.ts"

it("two sizes print alike only where they are the same", () => {
  expect(sizesApart(13_207_024_435, 13_200_000_000)).toEqual(["12.30 GiB", "12.29 GiB"])
  expect(sizesApart(5 * 2 ** 30, 2 ** 20)).toEqual(["5.0 GiB", "1.0 MiB"])
  expect(sizesApart(2 ** 40, 2 ** 40)).toEqual(["1.0 TiB", "1.0 TiB"])
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.integer({ min: 1, max: 5 }), fc.nat(20), (size, less, shift) => {
      const large = size * 2 ** shift + less
      const [a, b] = sizesApart(large, large - less)
      expect(a).not.toBe(b)
    })
  )
})

it("a size is told in the unit that it has at least one of", () => {
  expect([0, 1, 1023, 1024, 1536, 2 ** 20 - 1, 2 ** 20, 3.5 * 2 ** 30, 2 ** 53].map(sizeText)).toEqual([
    "0 B",
    "1 B",
    "1023 B",
    "1.0 KiB",
    "1.5 KiB",
    "1024.0 KiB",
    "1.0 MiB",
    "3.5 GiB",
    "8192.0 TiB"
  ])
})
