/** Wires between hooks, on the stage kinds that there are: told by the plan, at their lines. */
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { beforeAll, expect, it } from "vitest"
import { loadStageKinds, stageFiles } from "../../src/catalog/stage-catalog.ts"
import { checkSites } from "../../src/plan/check-sites.ts"
import { compile } from "../../src/plan/compile.ts"
import { packageDirectory } from "../../src/project/package-directory.ts"
import { formatProblem } from "../../src/specification/problem.ts"
import type { StageKind } from "../../src/stage/stage.ts"

let catalog: Readonly<Record<string, StageKind>>
beforeAll(async () => {
  catalog = await Effect.runPromise(loadStageKinds(stageFiles([join(packageDirectory, "stages")])))
})

const head = `name: sites
stages:
  model: { uses: load-model, with: { source: "builtin:tiny-speller" } }
  again: { uses: load-model, with: { source: "builtin:tiny-speller" } }
  other: { uses: load-model, with: { source: "builtin:tiny-speller", randomize: true } }
  text: { uses: load-text, with: { source: "builtin:speller-text", model: "\${{ stages.model }}", tokens: 20000 } }
  early: { uses: capture-activations, with: { model: "\${{ stages.model }}", tokens: "\${{ stages.text }}", hook: blocks.0.hook_resid_post } }
  late: { uses: capture-activations, with: { model: "\${{ stages.model }}", tokens: "\${{ stages.text }}", hook: blocks.2.hook_resid_post } }
  shuffled: { uses: shuffle-activations, with: { activations: "\${{ stages.early }}" } }
  small: { uses: train-sae, with: { activations: "\${{ stages.shuffled }}", d_sae: 64, k: 4 } }
  large: { uses: train-sae, with: { activations: "\${{ stages.early }}", d_sae: 128, k: 4 } }
  grown: { uses: grow-sae, with: { sae: "\${{ stages.small }}", d_sae: 96 } }
  above: { uses: train-sae, with: { activations: "\${{ stages.late }}", d_sae: 128, k: 4 } }
  unknown: { uses: import-sae, with: { source: "file:sae" } }
  named: { uses: import-sae, with: { source: "file:sae", hook: blocks.2.hook_resid_post } }
`

/** What is told of the stage `it`, problems first. */
const told = (stage: string): ReadonlyArray<string> => {
  const result = compile({
    experiment: { file: "x.yaml", text: `${head}  it: ${stage}\n` },
    assignments: [],
    catalog,
    kindNames: Object.keys(catalog),
    artifactKinds: ["Files"]
  })
  if (Result.isFailure(result)) throw new Error(result.failure.message)
  const byId = new Map(result.success.graph.instances.map((each) => [each.id, each]))
  const { problems, notes } = checkSites(byId.get("it")!, (id) => byId.get(id))
  return [...problems.map(formatProblem), ...notes.map((note) => `note: ${formatProblem(note)}`)]
}

const wired = (kind: string, inputs: Readonly<Record<string, string>>): string =>
  `{ uses: ${kind}, with: { ${Object.entries(inputs)
    .map(([name, stage]) => `${name}: ${stage.startsWith("[") ? stage : `"\${{ stages.${stage} }}"`}`)
    .join(", ")} } }`

it("an SAE of another hook than the rows given beside it is told at its line and column", () => {
  const lines = told(wired("stitch-saes", { small: "small", large: "above", activations: "early" }))
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^x\.yaml:16:\d+ stages\.it\.with\.large: above is of blocks\.2\.hook_resid_post, and early/)
  expect(told(wired("evaluate-sae", { sae: "grown", activations: "late" }))[0]).toContain("grown is of blocks.0")
  expect(told(wired("evaluate-sae", { sae: "named", activations: "early" }))[0]).toContain("named is of blocks.2")
})

it("an SAE of another hook to go on from is told, and one of the hook is not", () => {
  const init = (sae: string, activations: string) =>
    told(
      `{ uses: train-sae, with: { activations: "\${{ stages.${activations} }}", init: "\${{ stages.${sae} }}", d_sae: 96, k: 4 } }`
    )
  expect(init("grown", "late")[0]).toMatch(/^x\.yaml:16:\d+ stages\.it\.with\.init: grown is of blocks\.0/)
  expect(init("grown", "shuffled")).toEqual([])
})

it("what is of one hook, and what no stage says the hook of, is not", () => {
  expect(told(wired("stitch-saes", { small: "small", large: "large", activations: "early" }))).toEqual([])
  expect(told(wired("evaluate-sae", { sae: "grown", activations: "shuffled" }))).toEqual([])
  expect(told(wired("evaluate-sae", { sae: "unknown", activations: "late" }))).toEqual([])
  expect(told(wired("evaluate-sae", { sae: "named", activations: "late" }))).toEqual([])
})

it("SAEs of several hooks are compared by activations of their own each, in their order", () => {
  const saes = '["${{ stages.small }}", "${{ stages.above }}"]'
  const each = (a: string, b: string) => `["\${{ stages.${a} }}", "\${{ stages.${b} }}"]`
  expect(told(wired("compare-saes", { saes, activations: each("early", "late") }))).toEqual([])
  expect(told(wired("compare-saes", { saes, activations: each("late", "early") }))).toHaveLength(2)
  expect(told(wired("compare-saes", { saes }))).toEqual([])
  const all = '["${{ stages.early }}"]'
  expect(told(wired("compare-saes", { saes, activations: all }))[0]).toContain("above is of blocks.2")
})

it("another model is a note, as it may be the same under two names; one that is made alike is none", () => {
  const absorption = (model: string) => told(wired("evaluate-absorption", { sae: "small", model }))
  expect(absorption("model")).toEqual([])
  expect(absorption("again")).toEqual([])
  expect(absorption("other")).toEqual([
    expect.stringMatching(
      /^note: x\.yaml:16:\d+ stages\.it\.with\.sae: small is of model, and the model given is other;/
    )
  ])
})
