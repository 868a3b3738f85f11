import { describe, expect, it } from "vitest"
import type { ExplainOptions } from "../../src/interp/explain-latents.ts"
import { explainLatents } from "../../src/interp/explain-latents.ts"
import { firingPositions, maximum } from "../../src/interp/firings.ts"
import { predictedPositions, scoreExplanations } from "../../src/interp/score-explanations.ts"
import { makeTrie, wildcard } from "../../src/interp/token-trie.ts"
import { make } from "../../src/random/rng.ts"
import type { Rule } from "./planted-latents.ts"
import { firingsOf, probeOf, randomStream, textRows } from "./planted-latents.ts"

const A = 3
const B = 5
const C = 7

const at = (ids: ArrayLike<number>, position: number, start: number): number =>
  position < start ? -2 : (ids[position] as number)

/** A after B, at full strength; A alone a little, below the threshold. */
const aAfterB: Rule = (ids, p, start) => (at(ids, p, start) !== A ? 0 : at(ids, p - 1, start) === B ? 2 : 0.3)
/** C with A two tokens before, whatever stands between. */
const cGapA: Rule = (ids, p, start) => (at(ids, p, start) === C && at(ids, p - 2, start) === A ? 1.5 : 0)
/** Either of two tokens, in any context. */
const aOrC: Rule = (ids, p, start) => ([A, C].includes(at(ids, p, start)) ? 1 : 0)
/** The token number 30 of a context, whatever it is: no token pattern says that. */
const byPlace: Rule = (_ids, p, start) => (p - start === 30 ? 1 : 0)
const rules = [aAfterB, cGapA, aOrC, byPlace]

const train = randomStream(400, 64, 12, 1)
const heldOut = randomStream(200, 64, 12, 2)
const index = textRows(train)

const options: ExplainOptions = {
  singleTokens: 16,
  examples: 8,
  rounds: 2,
  fireThreshold: 0.5,
  longestPrompt: 16,
  keep: 0.5,
  importance: 0.5,
  maskSamples: 3,
  seed: 0,
  drawToken: (rng) => train.ids[index.positions[rng.int(index.positions.length)] as number] as number
}

const explain = (latents: ReadonlyArray<number>, probe = probeOf(rules)) =>
  explainLatents(
    probe,
    train,
    index,
    latents.map((latent) => {
      const firings = firingsOf(rules[latent] as Rule, train)
      return { latent, max: maximum(firings), firings }
    }),
    options
  )

describe("explanations of planted latents", () => {
  const [first, second, third, fourth] = explain([0, 1, 2, 3])

  it("gives exactly the pattern of a latent that fires on A after B", () => {
    expect(first?.map(({ steps, activation, precision }) => ({ steps, activation, precision }))).toEqual([
      { steps: [A, B], activation: 1, precision: 1 }
    ])
  })

  it("puts a wildcard where the token does not matter", () => {
    expect(second?.map(({ steps }) => steps)).toEqual([[C, wildcard, A]])
  })

  it("finds every token of a latent that fires on several", () => {
    expect(third?.map(({ steps }) => steps).toSorted()).toEqual([[A], [C]])
  })

  it("gives no pattern to a latent that fires by place in the context alone", () => {
    expect(fourth).toEqual([])
  })

  it("scores 1 on unseen text, and well below 1 with the explanations of others", () => {
    const test = textRows(heldOut)
    const explained = [first, second, third].map((patterns) => makeTrie(patterns ?? []))
    const predicted = explained.map((trie) => predictedPositions(trie, heldOut, test, 0.5))
    const firing = [0, 1, 2].map((i) => {
      const firings = firingsOf(rules[i] as Rule, heldOut)
      return firingPositions(firings, 0.5 * maximum(firings))
    })
    const scores = scoreExplanations(predicted, firing, test.positions.length, 4, make(0, "shuffle"))
    for (const score of scores) {
      expect(score?.f1).toBe(1)
      expect(score?.balancedAccuracy).toBe(1)
      expect(score?.shuffledF1).toBeLessThan(0.5)
    }
  })

  it("does not depend on which other latents are explained beside it", () => {
    expect(explain([1])).toEqual([second])
    expect(explain([2, 0])).toEqual([third, first])
  })

  it("asks the model about short prompts only, once they suffice", () => {
    const probe = probeOf(rules)
    explain([2], probe)
    // Two tokens, each distinct ending of three ids is one of at most 8 firings: a 1-token prompt and 3 masked ones.
    expect(probe.tokens()).toBeLessThanOrEqual(8 * (1 + 3))
  })
})
