import { assert, describe, it } from "vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Cause from "effect/Cause"
import { formatReason } from "../../src/plan/explain.ts"
import type { Plan } from "../../src/plan/plan.ts"
import { plan } from "../../src/plan/plan.ts"
import { chain } from "./chain.ts"
import { compiled, file } from "./compile-text.ts"
import { makeWorld, planOf, resolverOf, runAll } from "./memory-world.ts"

const graphOf = (text: string, assignments: ReadonlyArray<string> = []) => compiled(file(text, assignments)).graph

/** `id: action reason; reason`. */
const lines = (planned: Plan): ReadonlyArray<string> =>
  planned.stages.map(({ instance, action, waitsFor, reasons }) => {
    const why = [
      ...reasons.map(formatReason),
      ...(action === "unknown" ? [`hit if ${waitsFor.join(", ")} unchanged`] : [])
    ]
    return `${instance.id}: ${action} ${why.join("; ")}`.trim()
  })

const graph = graphOf(chain())

describe("plan", () => {
  it("at first everything runs that can be told, and the rest has no key yet", () => {
    const planned = planOf(graph, makeWorld())
    assert.deepStrictEqual(
      planned.stages.map(({ instance, action, key }) => [instance.id, action, key === undefined]),
      [
        ["model", "run", false],
        ["text", "unknown", true],
        ["capture", "unknown", true],
        ["sae[k=8]", "unknown", true],
        ["sae[k=16]", "unknown", true],
        ["evaluate[k=8]", "unknown", true],
        ["evaluate[k=16]", "unknown", true],
        ["report", "unknown", true]
      ]
    )
    assert.deepStrictEqual(planned.stages[0]?.reasons, [{ path: "never ran", source: null }])
    assert.deepStrictEqual(planned.stages[2]?.waitsFor, ["model", "text"])
  })

  it("after a run everything is a hit, with no reasons", () => {
    const world = makeWorld()
    assert.strictEqual(runAll(graph, world).length, 8)
    const planned = planOf(graph, world)
    assert.isTrue(
      planned.stages.every(
        ({ action, reasons, found }) => action === "hit" && reasons.length === 0 && found !== undefined
      )
    )
    assert.deepStrictEqual(runAll(graph, world), [])
  })

  it("one number of one instance: only that, and below it what would be a hit if it comes out as it was", () => {
    const world = makeWorld()
    runAll(graph, world)
    const changed = graphOf(chain(), ["stages.sae[k=8].with.k=9"])
    assert.deepStrictEqual(lines(planOf(changed, world)), [
      "model: hit",
      "text: hit",
      "capture: hit",
      "sae[k=8]: run params.k 8 -> 9 (--set stages.sae[k=8].with.k=9)",
      "sae[k=16]: hit",
      "evaluate[k=8]: unknown hit if sae[k=8] unchanged",
      "evaluate[k=16]: hit",
      "report: unknown hit if sae[k=8], evaluate[k=8] unchanged"
    ])
    assert.deepStrictEqual(runAll(changed, world), ["sae[k=8]", "evaluate[k=8]", "report"])
    // The way back is a hit at once: earlier results stay.
    assert.isTrue(planOf(graph, world).stages.every(({ action }) => action === "hit"))
  })

  it("a recomputed upstream with the same bytes reruns nothing below it", () => {
    const world = makeWorld()
    world.outputs["capture"] = "the same bytes"
    runAll(graph, world)
    world.code["capture-activations"] = "2"
    assert.deepStrictEqual(lines(planOf(graph, world)).slice(2, 4), [
      "capture: run code stages/capture-activations.ts 1 -> 2",
      "sae[k=8]: unknown hit if capture unchanged"
    ])
    assert.deepStrictEqual(runAll(graph, world), ["capture"])
  })

  it("an edited source, and a parameter with its line", () => {
    const world = makeWorld()
    runAll(graph, world)
    world.sources["builtin:t"] = "edited"
    assert.strictEqual(
      lines(planOf(graph, world))[1],
      "text: run sources.text builtin:t text -> edited (x.yaml:5)".replace("sources.text", "sources.source")
    )
    const other = graphOf(chain({ lr: "0.0002" }))
    world.sources["builtin:t"] = "text"
    assert.strictEqual(lines(planOf(other, world))[3], "sae[k=8]: run params.lr 0.0003 -> 0.0002 (x.yaml:2)")
  })

  it("forced instances run though their result is there", () => {
    const world = makeWorld()
    runAll(graph, world)
    const planned = planOf(graph, world, { force: new Set(["capture"]) })
    assert.deepStrictEqual(lines(planned).slice(1, 4), [
      "text: hit",
      "capture: run forced",
      "sae[k=8]: unknown hit if capture unchanged"
    ])
    assert.isDefined(planned.stages[2]?.found)
    assert.deepStrictEqual(runAll(graph, world, { force: new Set(["capture"]) }), ["capture"])
  })

  it("a result that is gone is told as that", () => {
    const world = makeWorld()
    runAll(graph, world)
    world.actions.delete(planOf(graph, world).stages[0]?.key as string)
    assert.strictEqual(lines(planOf(graph, world))[0], "model: run no result in the store")
  })

  it("plans only what is wanted", () => {
    const planned = planOf(graph, makeWorld(), { wanted: new Set(["model", "text"]) })
    assert.deepStrictEqual(
      planned.stages.map(({ instance }) => instance.id),
      ["model", "text"]
    )
  })

  it("all missing sources are told at once, with their lines", () => {
    const missing = graphOf(chain({ text: "file:nowhere.txt" }).replace("builtin:m", "file:no.bin"))
    const exit = Effect.runSyncExit(plan(missing, resolverOf(makeWorld())))
    assert.isTrue(Exit.isFailure(exit))
    if (!Exit.isFailure(exit)) return
    const error = Cause.squash(exit.cause)
    assert.strictEqual(
      error instanceof Error ? error.message : "",
      `x.yaml:4:46 stages.model.with.source: source file:no.bin: there is no such file
x.yaml:5:44 stages.text.with.source: source file:nowhere.txt: there is no such file`
    )
  })
})
