import { assert, describe, it } from "vitest"
import * as Result from "effect/Result"
import { notHit, selectRun } from "../../src/plan/select-run.ts"
import type { RunSelection } from "../../src/plan/select-run.ts"
import { formatProblem } from "../../src/specification/problem.ts"
import { chain } from "./chain.ts"
import { compiled, file } from "./compile-text.ts"
import { makeWorld, planOf, runAll } from "./memory-world.ts"

const { graph } = compiled(file(chain()))

const select = (selection: RunSelection) => {
  const result = selectRun(graph, selection)
  if (Result.isFailure(result)) throw new Error(result.failure.message)
  const { wanted, force, mustHit } = result.success
  return { wanted: [...wanted].toSorted(), force: [...force].toSorted(), mustHit: [...mustHit].toSorted() }
}
const wrong = (selection: RunSelection): string => {
  const result = selectRun(graph, selection)
  return Result.isFailure(result) ? result.failure.message : "nothing wrong"
}
const all = graph.instances.map(({ id }) => id).toSorted()

describe("selection of what runs", () => {
  it("without flags: everything, nothing forced", () => {
    assert.deepStrictEqual(select({}), { wanted: all, force: [], mustHit: [] })
  })

  it("--until: it and what it needs", () => {
    assert.deepStrictEqual(select({ until: ["sae[k=8]"] }), {
      wanted: ["capture", "model", "sae[k=8]", "text"],
      force: [],
      mustHit: []
    })
    assert.strictEqual(select({ until: ["sae"] }).wanted.length, 5)
  })

  it("--from: it and all below it run again", () => {
    assert.deepStrictEqual(select({ from: ["sae[k=8]"] }), {
      wanted: all,
      force: ["evaluate[k=8]", "report", "sae[k=8]"],
      mustHit: []
    })
    assert.deepStrictEqual(select({ from: ["capture"], until: ["sae[k=first]"] }), {
      wanted: ["capture", "model", "sae[k=8]", "text"],
      force: ["capture", "sae[k=8]"],
      mustHit: []
    })
  })

  it("--only: just this, and what is above must be hits", () => {
    assert.deepStrictEqual(select({ only: ["sae[k=16]"] }), {
      wanted: ["capture", "model", "sae[k=16]", "text"],
      force: [],
      mustHit: ["capture", "model", "text"]
    })
    const selected = selectRun(graph, { only: ["sae"] })
    if (Result.isFailure(selected)) throw selected.failure
    const world = makeWorld()
    const problems = () => notHit(planOf(graph, world), selected.success, ["sae"]).map(formatProblem)
    assert.deepStrictEqual(problems(), [
      "--only sae: model has no result yet; run it first, or use --until",
      "--only sae: text has no result yet; run it first, or use --until",
      "--only sae: capture has no result yet; run it first, or use --until"
    ])
    runAll(graph, world)
    assert.deepStrictEqual(problems(), [])
  })

  it("--force: this one, and nothing else", () => {
    assert.deepStrictEqual(select({ force: ["sae"], until: ["evaluate[k=8]", "sae"] }).force, ["sae[k=16]", "sae[k=8]"])
    assert.deepStrictEqual(select({ only: ["sae"], force: ["sae[k=8]"] }).force, ["sae[k=8]"])
  })

  it("tells what is wrong", () => {
    assert.strictEqual(wrong({ only: ["sea"] }), '--only sea: there is no stage "sea"; did you mean "sae"?')
    assert.strictEqual(
      wrong({ until: ["sae[k=7]"] }),
      "--until sae[k=7]: sae[k=7] matches nothing; there are [k=8], [k=16]"
    )
    assert.strictEqual(wrong({ from: ["sae[w=7]"] }), '--from sae[w=7]: sae has no axis "w"; there is only k')
    assert.strictEqual(wrong({ from: ["sae[k"] }), "--from sae[k: expected a stage, such as sae or sae[width=512]")
    assert.strictEqual(
      wrong({ only: ["sae"], force: ["capture"] }),
      "--force capture: capture is not among what --only lets run"
    )
    assert.strictEqual(
      wrong({ until: ["capture"], force: ["report"] }),
      "--force report: report is not among what --until lets run"
    )
    assert.strictEqual(wrong({ until: ["capturee"], only: ["xyz"] }).split("\n").length, 2)
  })
})
