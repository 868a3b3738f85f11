import { assert, describe, it } from "vitest"
import { parseBytes, parseSeconds } from "../../src/specification/quantity.ts"

describe("quantities", () => {
  it("sizes: binary and decimal units, bytes without one", () => {
    assert.strictEqual(parseBytes("8 GiB"), 8 * 1024 ** 3)
    assert.strictEqual(parseBytes("1.5GB"), 1_500_000_000)
    assert.strictEqual(parseBytes("512 MiB"), 512 * 1024 ** 2)
    assert.strictEqual(parseBytes(4096), 4096)
    for (const wrong of ["8", "8 Gib", "GiB", "-1 GiB", "", -1, 1.5, null, true]) assert.isUndefined(parseBytes(wrong))
  })

  it("durations: singular, plural and short units, seconds without one", () => {
    assert.strictEqual(parseSeconds("6 hours"), 21_600)
    assert.strictEqual(parseSeconds("1 hour"), 3600)
    assert.strictEqual(parseSeconds("90s"), 90)
    assert.strictEqual(parseSeconds("1.5 min"), 90)
    assert.strictEqual(parseSeconds("2 days"), 172_800)
    assert.strictEqual(parseSeconds(30), 30)
    for (const wrong of ["6", "soon", "0 s", "6 parsecs", 0, -1, Infinity, null])
      assert.isUndefined(parseSeconds(wrong))
  })
})
