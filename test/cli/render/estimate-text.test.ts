import { assert, describe, it } from "vitest"
import { estimateText } from "../../../src/cli/render/estimate-text.ts"
import { expectedCost } from "../../../src/experiment/expected-cost.ts"
import { chain } from "../../plan/chain.ts"
import { compiled, file } from "../../plan/compile-text.ts"
import { makeWorld, planOf, runAll } from "../../plan/memory-world.ts"

const { graph } = compiled(file(chain()))
const planned = planOf(graph, makeWorld())
const [first, ...others] = planned.stages.map(({ instance }) => instance)
if (first === undefined) throw new Error("the chain has no stages")

const result = (of: typeof first, seconds: number, peakMemory?: number, params = of.params) => ({
  kind: of.kind.name,
  params,
  seconds,
  peakMemory
})

describe("what a plan may take", () => {
  it("is nothing where nothing is known, and where all is there", () => {
    assert.deepStrictEqual(estimateText(planned, expectedCost(planned, new Map(), []), "/"), [])
    const world = makeWorld()
    runAll(graph, world)
    const known = [result(first, 5, 2 ** 30)]
    const done = planOf(graph, world)
    assert.deepStrictEqual(estimateText(done, expectedCost(done, new Map(), known), "/"), [])
  })

  it("names the stage that takes most memory by what its process held, not by the least that it asks for", () => {
    const lines = estimateText(planned, expectedCost(planned, new Map(), [result(first, 5, 2 ** 30)]), "/")
    assert.include(lines[0], "to compute, stage after stage: about 5.0 s")
    assert.match(
      lines.join("\n"),
      new RegExp(`^memory: 1.0 GiB for ${first.id}, which takes most as far as is known`, "m")
    )
    assert.notInclude(lines.join("\n"), "a guess")
  })

  it("says nothing of memory where stages ask for less than any process takes, and where they ask for more, says so", () => {
    const asking = (memory: number) => ({
      ...planned,
      stages: planned.stages.map((stage) => ({ ...stage, instance: { ...stage.instance, resources: { memory } } }))
    })
    const nothing = expectedCost(planned, new Map(), [])
    assert.deepStrictEqual(estimateText(asking(2 ** 20), nothing, "/"), [])
    assert.match(estimateText(asking(2 ** 31), nothing, "/").join("\n"), /^memory: 2.0 GiB for /)
  })

  it("says of which stages only runs with other parameters are known", () => {
    const known = [result(first, 5, undefined, { ...first.params, unheard_of: 3 })]
    const lines = estimateText(planned, expectedCost(planned, new Map(), known), "/")
    assert.include(lines, "  of these, 1 stage by what the same kind took with other parameters: a guess")
    assert.isAbove(others.length, 0)
  })
})
