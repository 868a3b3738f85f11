import { describe, expect, it } from "vitest"
import { answering, leastDocuments, neuronRises } from "../../../src/analysis/probing/neuron-rises.ts"

/** Four predictions of each document: two where the answer is yes, one where it is no, one that is not asked. */
const answers = (documents: number) => Array.from({ length: documents }, () => [true, true, false, undefined]).flat()
const places = (documents: number) => Array.from({ length: 4 * documents }, (_, i) => Math.floor(i / 4))
/** What the loss rises by at the four, and a little more with each document. */
const rises = (documents: number, four: ReadonlyArray<number>) =>
  Float64Array.from({ length: 4 * documents }, (_, i) => four[i % 4]! + 0.01 * Math.floor(i / 4))
const none = new Float64Array(400)
const rise = rises(20, [1, 3, 0.5, 100])
const asked = { answers: answers(20), rise }

describe("rises of the loss without a neuron", () => {
  it("are means where the answer is yes and where it is no; what is not asked does not count", () => {
    const { documents, overall, told, untold } = neuronRises([asked], [none, rises(20, [2, 2, 0, 0])], places(20), 0)
    // The documents' own part is 0.01 x the mean of 0 to 19.
    const [{ inside, outside, others, difference }] = told as [(typeof told)[number]]
    expect(inside.value).toBeCloseTo(2.095, 10)
    expect(outside.value).toBeCloseTo(0.595, 10)
    expect(others.value).toBeCloseTo(2.095 / 2, 10)
    expect(difference.value).toBeCloseTo(1.5, 10)
    expect(inside.interval!.low).toBeLessThan(2.095)
    expect(inside.interval!.high).toBeGreaterThan(2.095)
    expect({ documents, untold, same: overall.inside.value === inside.value }).toEqual({
      documents: 20,
      untold: [],
      same: true
    })
  })

  it("make a neuron the task's own where they are larger than elsewhere and than without any other neuron", () => {
    const dedicated = (four: ReadonlyArray<number>, other: Float64Array): boolean =>
      neuronRises([{ ...asked, rise: rises(20, four) }], [none, other], places(20), 0).told[0]!.dedicated
    expect(dedicated([1, 3, 0.5, 0], none)).toBe(true)
    expect(dedicated([1, 3, 0.5, 0], rises(20, [2.1, 2.1, 0, 0]))).toBe(false)
    expect(dedicated([1, 3, 2.5, 0], none)).toBe(false)
    expect(dedicated([-1, -3, -5, 0], none)).toBe(false)
  })

  it("cannot be told from few documents, or where no answer is no; a neuron that never acts has none", () => {
    const few = { answers: answers(3), rise: rises(3, [1, 3, 0.5, 0]) }
    expect(neuronRises([few], [none], places(3), 0).untold).toEqual([0])
    const always = { ...asked, answers: asked.answers.map(() => true) }
    expect(neuronRises([asked, always], [none], places(20), 0).untold).toEqual([1])
    const silent = neuronRises([{ ...asked, rise: none }], [none], places(20), 0)
    expect({ untold: silent.untold, dedicated: silent.told[0]!.dedicated }).toEqual({ untold: [], dedicated: false })
  })

  it("are told from the fewest documents that are let pass, and from no fewer", () => {
    for (const yes of [leastDocuments - 1, leastDocuments]) {
      const own = answers(60).map((answer, i) => (i >= 4 * yes && answer === true ? undefined : answer))
      expect(answering(own, places(60), true)).toBe(yes)
      const { untold } = neuronRises([{ answers: own, rise: rises(60, [1, 3, 0.5, 0]) }], [none], places(60), 0)
      expect(untold).toEqual(yes < leastDocuments ? [0] : [])
    }
  })
})
