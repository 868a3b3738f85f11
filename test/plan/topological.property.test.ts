import { assert, describe, it } from "vitest"
import * as fc from "fast-check"
import type { StageInstance } from "../../src/plan/stage-instance.ts"
import { stageOrder } from "../../src/plan/stage-order.ts"
import { topological } from "../../src/plan/topological.ts"
import { command } from "./fake-kinds.ts"

const instanceOf = (order: number, needs: ReadonlyArray<number>): StageInstance => ({
  id: `s${order}`,
  stage: `s${order}`,
  at: {},
  kind: command,
  output: "Files",
  params: {},
  sources: {},
  inputs: {},
  needs: needs.map((need) => `s${need}`),
  order,
  resources: {},
  decoded: { resources: {}, code: [], facts: undefined, check: undefined, foresee: undefined, group: () => undefined },
  retries: 0,
  timeoutSeconds: undefined,
  origins: {}
})

/** Graphs without cycles: a hidden rank for each node, edges only to lower ranks. */
const graphs = fc.integer({ min: 1, max: 12 }).chain((size) =>
  fc
    .tuple(
      fc.shuffledSubarray(
        Array.from({ length: size }, (_, i) => i),
        { minLength: size, maxLength: size }
      ),
      fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 30 })
    )
    .map(([ranks, pairs]) =>
      ranks.map((rank, node) =>
        instanceOf(node, [
          ...new Set(pairs.flatMap(([a, b]) => (a === node && (ranks[b] as number) < rank ? [b] : [])))
        ])
      )
    )
)

describe("topological order", () => {
  it("has every instance once, after all that it needs", () => {
    fc.assert(
      fc.property(graphs, (instances) => {
        const sorted = topological(instances)
        assert.deepStrictEqual(
          sorted.map(({ order }) => order).toSorted((a, b) => a - b),
          instances.map(({ order }) => order)
        )
        const seen = new Set<string>()
        for (const { id, needs } of sorted) {
          assert.isTrue(needs.every((need) => seen.has(need)))
          seen.add(id)
        }
      })
    )
  })

  it("takes the earliest declared of those that are ready", () => {
    fc.assert(
      fc.property(graphs, (instances) => {
        const seen = new Set<string>()
        for (const { id } of topological(instances)) {
          const ready = instances.filter((each) => !seen.has(each.id) && each.needs.every((need) => seen.has(need)))
          assert.strictEqual(id, ready[0]?.id)
          seen.add(id)
        }
      })
    )
  })

  it("does not depend on the order in which the instances are given", () => {
    fc.assert(
      fc.property(graphs, (instances) => {
        assert.deepStrictEqual(
          topological(instances.toReversed()).map(({ id }) => id),
          topological(instances).map(({ id }) => id)
        )
      })
    )
  })
})

describe("the order of stages", () => {
  it("finds the path of each cycle, and orders the rest", () => {
    const needs = new Map([
      ["a", ["c"]],
      ["b", ["a"]],
      ["c", ["b", "d"]],
      ["d", []],
      ["e", ["e"]],
      ["f", ["d"]]
    ])
    const { order, cycles } = stageOrder(needs)
    assert.deepStrictEqual(cycles, [
      ["a", "c", "b", "a"],
      ["e", "e"]
    ])
    assert.deepStrictEqual([...order].toSorted(), ["a", "b", "c", "d", "e", "f"])
    assert.isBelow(order.indexOf("d"), order.indexOf("f"))
  })
})
