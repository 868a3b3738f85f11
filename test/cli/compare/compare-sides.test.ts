import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { runComparison } from "../../../src/cli/compare/compare-against.ts"
import { compareMetric, compareSides } from "../../../src/cli/compare/compare-sides.ts"
import { comparisonText } from "../../../src/cli/compare/comparison-text.ts"
import { againstSection } from "../../../src/report/against-section.ts"
import type { Side, SideStage } from "../../../src/cli/compare/side.ts"
import { KEY_FORMAT } from "../../../src/plan/key.ts"

const infos = {
  loss: { better: "lower", tolerance: 0.1, description: "" },
  rows: { better: "neither", tolerance: 0, description: "" }
} as const

const stage = (
  id: string,
  over: Partial<SideStage> & { readonly k?: number; readonly code?: string } = {}
): SideStage => ({
  id,
  stage: id.replace(/\[.*$/, ""),
  kind: "train",
  digest: "d1",
  metrics: {},
  made: {
    format: KEY_FORMAT,
    kind: "train",
    params: { k: over.k ?? 8 },
    facts: { code: { digest: over.code ?? "c", packages: {} }, sources: {}, facts: {}, numerics: {} },
    notes: { codeFiles: { "src/train.ts": over.code ?? "c" }, sources: {} },
    inputs: {}
  },
  writtenAt: (path) => (path === "params.k" ? "x.yaml:3" : null),
  ...over
})
const side = (name: string, ...stages: ReadonlyArray<SideStage>): Side => ({ name, stages })

describe("a comparison", () => {
  it("calls a difference beyond exactly where it is larger than the tolerance, from either side, and says which is better", () => {
    const number = fc.double({ noNaN: true, min: -1e3, max: 1e3 })
    fc.assert(
      fc.property(number, number, (a, b) => {
        const [there, back] = [
          compareMetric("loss", { loss: a }, { loss: b }, infos),
          compareMetric("loss", { loss: b }, { loss: a }, infos)
        ]
        assert.strictEqual(there.verdict, back.verdict)
        assert.strictEqual(there.verdict === "beyond", Math.abs(b - a) > infos.loss.tolerance)
        assert.strictEqual(there.verdict === "equal", a === b)
        assert.strictEqual(there.better, there.verdict !== "beyond" ? null : b < a ? "after" : "before")
      })
    )
    assert.strictEqual(compareMetric("rows", { rows: 1 }, { rows: 2 }, infos).better, null)
    assert.deepInclude(compareMetric("own", { own: 1 }, { own: 2 }, infos), { verdict: "differs", tolerance: null })
    assert.deepInclude(compareMetric("loss", {}, { loss: 2 }, infos), { verdict: "missing", difference: null })
  })

  it("stands on a page with intervals, and with what exceeds its noise", () => {
    const measured = (loss: number, half: number) => ({ loss, loss_low: loss - half, loss_high: loss + half })
    const before = side("run a", stage("sae", { metrics: measured(1, 0.1) }), stage("old"))
    const after = side("x.yaml", stage("sae", { k: 9, digest: "d2", metrics: measured(0.5, 0.1) }))
    const page = againstSection(runComparison(compareSides(before, after, () => infos))).markup
    const text = page.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ")
    assert.include(text, "there run a here x.yaml")
    assert.include(text, "0 have the same bytes, 1 others")
    assert.include(text, "There alone: old")
    assert.include(text, "params.k 8 -&gt; 9 (x.yaml:3) sae")
    assert.include(text, "sae loss 1 ± 0.1000 0.5000 ± 0.1000 -0.5000 beyond its noise beyond 0.1, better")
  })

  it("of a side with itself tells no difference", () => {
    const same = side("a", stage("sae[k=8]", { metrics: { loss: 1 } }))
    const page = againstSection(runComparison(compareSides(same, same, () => infos))).markup
    assert.match(page, /All 1 stages that both have gave the same bytes\.\s*<\/p>/)
    const { stages } = compareSides(same, same, () => infos)
    assert.deepStrictEqual(
      stages.map(({ made, sameBytes }) => [made, sameBytes]),
      [[[], true]]
    )
    assert.notInclude(
      comparisonText(
        compareSides(same, same, () => infos),
        false
      ),
      "metrics"
    )
  })

  it("tells each change once, with the stages that have it, and what one side alone has", () => {
    const before = side(
      "run-1",
      stage("sae[w=1]", { metrics: { loss: 1, rows: 5, own: 1 } }),
      stage("sae[w=2]", { metrics: { loss: 2 } }),
      stage("old")
    )
    const after = side(
      "x.yaml",
      stage("sae[w=1]", { k: 9, code: "c2", digest: "d2", metrics: { loss: 1.05, rows: 6, own: 3 } }),
      stage("sae[w=2]", { k: 9, digest: undefined }),
      stage("new")
    )
    const comparison = compareSides(before, after, () => infos)
    assert.deepStrictEqual([comparison.onlyBefore, comparison.onlyAfter], [["old"], ["new"]])
    assert.deepStrictEqual(comparisonText(comparison, false).split("\n"), [
      "before  run-1",
      "after   x.yaml",
      "before alone  old",
      "after alone   new",
      "",
      "parameters",
      "  params.k 8 -> 9 (x.yaml:3)  sae ×2",
      "",
      "code",
      "  src/train.ts c -> c2  sae[w=1]",
      "",
      "metrics",
      "  stage     metric  before  after  difference",
      "  sae[w=1]  loss    1       1.05   +0.05       within 0.1; its noise is not known",
      "  sae[w=1]  rows    5       6      +1          beyond 0; its noise is not known",
      "  1 other metric of these stages differs: --all",
      "",
      "2 stages on both sides: 0 with the same bytes, 1 with others, 1 without a result on one side"
    ])
  })

  it("says whether a difference exceeds its noise, by the halves of both intervals that face each other", () => {
    const noisy = (value: number, low: number, high: number) => ({ loss: value, loss_low: low, loss_high: high })
    const near = compareMetric("loss", noisy(1, 0.9, 1.3), noisy(1.4, 1, 1.5), infos)
    assert.closeTo(near.noise ?? 0, 0.5, 1e-12)
    // Beyond the tolerance, and no reason to call either better.
    assert.deepInclude(near, { verdict: "beyond", better: null, beforeInterval: { low: 0.9, high: 1.3 } })
    assert.strictEqual(compareMetric("loss", noisy(1.4, 1, 1.5), noisy(1, 0.9, 1.3), infos).noise, near.noise)
    const far = compareMetric("loss", noisy(1, 0.9, 1.3), noisy(2, 1.6, 2.1), infos)
    assert.deepInclude(far, { verdict: "beyond", better: "before" })
    assert.deepInclude(compareMetric("loss", noisy(1, 0.9, 1.3), { loss: 2 }, infos), { noise: null, better: "before" })
    const text = comparisonText(
      compareSides(
        side("a", stage("sae", { metrics: noisy(1, 0.9, 1.3) })),
        side("b", stage("sae", { digest: "d2", metrics: noisy(1.4, 1, 1.5) })),
        () => infos
      ),
      false
    )
    assert.include(text, "sae    loss    1 ± 0.2  1.4 ± 0.25  +0.4        beyond 0.1; within its noise (0.5)")
    assert.notInclude(text, "loss_low")
  })

  it("says of what a seed decides, directly or by what it reads, that one seed tells nothing of another", () => {
    const made = (params: Readonly<Record<string, number>>, inputs: Readonly<Record<string, string>>) => {
      const { made: known } = stage("any")
      return known === undefined ? {} : { made: { ...known, params, inputs } }
    }
    const run = (name: string, ...seeds: ReadonlyArray<number>): Side =>
      side(
        name,
        // A text is what it is, whatever the seeds.
        stage("text", { digest: `text ${name}`, metrics: { rows: name.length }, ...made({}, {}) }),
        ...seeds.flatMap((seed) => [
          // What reads it may stand before it.
          stage(`scores[seed=${seed}]`, {
            digest: `scores ${name}${seed}`,
            metrics: { loss: name.length, loss_low: name.length - 0.1, loss_high: name.length + 0.1 },
            ...made({}, { sae: `sae ${name}${seed}` })
          }),
          stage(`sae[seed=${seed}]`, {
            digest: `sae ${name}${seed}`,
            metrics: { loss: name.length },
            ...made({ seed }, { text: `text ${name}` })
          })
        ])
      )
    const one = compareSides(run("a", 0), run("bcd", 0), () => infos)
    assert.deepStrictEqual(one.oneSeed, ["scores[seed=0]", "sae[seed=0]"])
    const text = comparisonText(one, false)
    assert.match(text, /scores\[seed=0\] +loss +1 ± 0.1 +3 ± 0.1 +\+2 +beyond 0.1, worse; more than its noise/)
    assert.match(text, /sae\[seed=0\] +loss +1 +3 +\+2 +beyond 0.1, worse; its noise is not known/)
    assert.include(
      text,
      "\n  one seed of scores[seed=0], sae[seed=0]: noise is over what a result averages (documents, words, latents), and how far " +
        "another seed moves it is not known\n"
    )
    const page = againstSection(runComparison(one)).markup
    assert.include(page, "noise not known")
    assert.include(page, "one seed of scores[seed=0], sae[seed=0]: noise is over what a result averages")
    const two = compareSides(run("a", 0, 1), run("bcd", 0, 1), () => infos)
    assert.deepStrictEqual(two.oneSeed, [])
    assert.notInclude(comparisonText(two, false), "one seed of")
    // Several on one side do not help.
    assert.deepStrictEqual(compareSides(run("a", 0, 1), run("bcd", 0), () => infos).oneSeed, [
      "scores[seed=0]",
      "sae[seed=0]"
    ])
    const same = compareSides(run("a", 0), run("a", 0), () => infos)
    assert.deepStrictEqual(same.oneSeed, [])
  })

  it("compares means over seeds where both sides have several", () => {
    const seeds = (name: string, ...losses: ReadonlyArray<number>): Side =>
      side(name, ...losses.map((loss, i) => stage(`sae[w=1,seed=${i}]`, { digest: `${name}${i}`, metrics: { loss } })))
    const { overSeeds } = compareSides(seeds("a", 1, 1.1, 0.9), seeds("b", 2, 2.1, 1.9, 2), () => infos)
    assert.lengthOf(overSeeds, 1)
    assert.deepInclude(overSeeds[0], { id: "sae[w=1]", name: "loss" })
    assert.deepInclude(overSeeds[0]?.after, { value: 2, seeds: 4 })
    // Student's t with 2 degrees of freedom: 4.303 * 0.1 / sqrt(3).
    assert.closeTo((overSeeds[0]?.before.high ?? 0) - 1, 0.2484, 1e-4)
    const text = comparisonText(
      compareSides(seeds("a", 1, 1.1, 0.9), seeds("b", 2, 2.1, 1.9, 2), () => infos),
      false
    )
    assert.match(
      text,
      /sae\[w=1\] +loss +1 ± 0.25 \(3 seeds\) +2 ± 0.13 \(4 seeds\) +\+1 +more than its noise \(0.28\d*\)/
    )
    assert.deepStrictEqual(compareSides(seeds("a", 1), seeds("b", 2), () => infos).overSeeds, [])
  })
})
