import { assert, it } from "@effect/vitest"
import { bootstrapIntervals, drawnSum } from "../../src/numeric/bootstrap.ts"
import { crossFittedBest } from "../../src/numeric/cross-fitted-best.ts"
import * as Rng from "../../src/random/rng.ts"

const repeats = 200
/** Of the interval that is too often wrong, fewer are enough. */
const plain = 50

/** Forty candidates, the n-th expected to score `spread` n / 39 on each of 24 units, in noise of one. */
const world = (repeat: number, spread: number) => {
  const rng = Rng.make(repeat, "units and candidates")
  const truths = Array.from({ length: 40 }, (_, n) => (spread * n) / 39)
  const values = truths.map((truth) => Float64Array.from({ length: 24 }, () => truth + rng.normal()))
  const score = (candidate: number, times: Int32Array): number =>
    drawnSum(times, values[candidate]!) / times.reduce((sum, each) => sum + each, 0)
  return { truths, score, scores: (times: Int32Array) => values.map((_, candidate) => score(candidate, times)) }
}

const covered = (low: number, high: number, truth: number): number => (low <= truth && truth <= high ? 1 : 0)

for (const spread of [0, 1]) {
  it(`the best of forty, ${spread === 0 ? "all alike" : "some better"}: cross-fitted, its interval covers what was chosen; on the units that chose it, too seldom`, () => {
    let [fair, lucky, bias] = [0, 0, 0]
    for (let repeat = 0; repeat < repeats; repeat++) {
      const { truths, score, scores } = world(repeat, spread)
      const best = crossFittedBest(24, scores, Rng.make(repeat, "halves"))
      const { low, high } = best.interval(score, Rng.make(repeat, "draws"))!
      const truth = (truths[best.chosen[0]]! + truths[best.chosen[1]]!) / 2
      fair += covered(low, high, truth) / repeats
      bias += (best.value - truth) / repeats
      if (repeat >= plain) continue
      const all = scores(new Int32Array(24).fill(1))
      const place = all.indexOf(Math.max(...all))
      const own = bootstrapIntervals([24], (times) => ({ own: score(place, times) }), Rng.make(repeat, "draws"))["own"]!
      lucky += covered(own.low, own.high, truths[place]!) / plain
    }
    assert.isAtLeast(fair, 0.9)
    assert.isAtMost(fair, 0.985)
    assert.approximately(bias, 0, 0.05)
    assert.isBelow(lucky, 0.85)
  })
}

it("where one candidate is better by far, both halves choose it, and the score is that on all units", () => {
  const values = [0.1, 5, 0.3].map((mean) => Float64Array.from({ length: 10 }, (_, unit) => mean + unit / 100))
  const best = crossFittedBest(
    10,
    (times) => values.map((each) => drawnSum(times, each) / times.reduce((sum, time) => sum + time, 0)),
    Rng.make(0, "halves")
  )
  assert.deepStrictEqual(best.chosen, [1, 1])
  assert.approximately(best.value, 5.045, 1e-12)
})

it("one unit has no halves, and is refused", () => {
  assert.throws(() => crossFittedBest(1, () => [0], Rng.make(0, "halves")), "1 units are not two halves")
})
