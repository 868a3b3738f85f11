import { describe, expect, it } from "vitest"
import { type PairValue, seedJackknife } from "../../../src/analysis/comparison/seed-jackknife.ts"
import type { Interval } from "../../../src/numeric/bootstrap.ts"
import { seedInterval } from "../../../src/numeric/seed-interval.ts"
import * as Rng from "../../../src/random/rng.ts"

/** Every pair of SAEs of known effects: `value` = truth 0 + what each brings + noise of the pair. */
const world = (repeat: number, seeds: number, widths: ReadonlyArray<number>) => {
  const rng = Rng.make(repeat, `${seeds} seeds of ${widths.length} widths`)
  const at = widths.flatMap((width) => Array.from({ length: seeds }, (_, seed) => ({ width, seed })))
  const own = at.map(() => rng.normal())
  const pairs: ReadonlyArray<PairValue> = at.flatMap((_, first) =>
    at.slice(first + 1).map((__, more) => {
      const second = first + 1 + more
      return { first, second, value: own[first]! + own[second]! + 0.5 * rng.normal() }
    })
  )
  return { at, pairs }
}

const covered = (interval: Interval | undefined): boolean =>
  interval !== undefined && interval.low <= 0 && 0 <= interval.high

const share = (repeats: number, holds: (repeat: number) => boolean): number =>
  Array.from({ length: repeats }, (_, repeat) => repeat).filter(holds).length / repeats

describe("intervals over seeds of means over pairs", () => {
  it.each([3, 5, 8])("cover the truth about as often as they say, of %i seeds", (seeds) => {
    const found = share(1000, (repeat) => {
      const { at, pairs } = world(repeat, seeds, [1])
      return covered(seedJackknife(at, pairs))
    })
    expect(found).toBeGreaterThanOrEqual(0.93)
    expect(found).toBeLessThanOrEqual(0.985)
  })

  it("are too narrow where pairs are taken for independent: of eight seeds they miss it in a third of the cases", () => {
    const found = share(1000, (repeat) => covered(seedInterval(world(repeat, 8, [1]).pairs.map(({ value }) => value))))
    expect(found).toBeLessThan(0.75)
  })

  it("cover it of several widths with the same seeds, too", () => {
    const found = share(1000, (repeat) => {
      const { at, pairs } = world(repeat, 4, [1, 2, 3])
      return covered(seedJackknife(at, pairs))
    })
    expect(found).toBeGreaterThanOrEqual(0.93)
    expect(found).toBeLessThanOrEqual(0.985)
  })

  it("do not take what two widths differ in for noise: pairs of each kind keep their proportion", () => {
    const { at } = world(0, 3, [1, 2])
    const pairs = at.flatMap((a, first) =>
      at.map((b, second) => ({ first, second, value: 10 * a.width + b.width })).filter(({ second }) => second > first)
    )
    // Every kind of pair has one value: no seed moves anything.
    expect(seedJackknife(at, pairs)).toBeUndefined()
  })

  it("are those of two SAEs' mean by hand: the pseudo-values of three pairs", () => {
    const at = [{ seed: 0 }, { seed: 1 }, { seed: 2 }]
    const pairs = [
      { first: 0, second: 1, value: 0.5 },
      { first: 0, second: 2, value: 0.6 },
      { first: 1, second: 2, value: 0.7 }
    ]
    // Without each: 0.7, 0.6, 0.5; 3 * 0.6 - 2 * these: 0.4, 0.6, 0.8, whose t interval is 0.6 +- 4.3027 * 0.2 / sqrt(3).
    const { low, high } = seedJackknife(at, pairs)!
    expect(low).toBeCloseTo(0.6 - (4.30265 * 0.2) / Math.sqrt(3), 4)
    expect(high).toBeCloseTo(0.6 + (4.30265 * 0.2) / Math.sqrt(3), 4)
  })

  it("are not told of two seeds, nor of SAEs that have none", () => {
    const { at, pairs } = world(0, 2, [1, 2])
    expect(seedJackknife(at, pairs)).toBeUndefined()
    expect(seedJackknife([{ width: 1 }, { width: 2 }, { width: 3 }], world(0, 3, [1]).pairs)).toBeUndefined()
  })
})
