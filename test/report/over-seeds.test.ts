/** What counts as seeds of one SAE: means over anything else would be figures of nothing. */
import { describe, expect, it } from "vitest"
import type { Json } from "../../src/json/canonical-json.ts"
import type { SaeInfo } from "../../src/kinds/sae/stored/sae-weights.ts"
import { bySeed } from "../../src/report/page/over-seeds.ts"
import { sizeLabel, subjectsOf } from "../../src/report/page/subjects.ts"
import { scienceReport } from "../../src/report/science-report.ts"
import { sweepSection } from "../../src/report/sections/sweep-section.ts"
import { tagsOf, textOf } from "./page-tags.ts"
import { sampleReport } from "./sample-report.ts"
import { evaluation, saeInfo } from "./sample-sae.ts"

interface Made {
  readonly at: Readonly<Record<string, Json>>
  readonly d_sae?: number
  readonly training?: SaeInfo["training"]
  readonly ev?: number
}

const reported = (made: ReadonlyArray<Made>) => ({
  ...sampleReport(),
  saes: made.map(({ at, d_sae = 64, training = { steps: 10 } }, i) => ({
    at,
    value: { ...saeInfo(d_sae, `sae-${i}`), training }
  })),
  evaluations: made.map(({ at, d_sae = 64, ev = 0.5 }, i) => ({ at, value: evaluation(d_sae, `sae-${i}`, ev) })),
  interpretations: [],
  explanations: [],
  dashboards: [],
  probings: [],
  stitchings: [],
  metaSaes: [],
  absorptions: []
})

const grouped = (made: ReadonlyArray<Made>): ReadonlyArray<readonly [label: string, members: number]> =>
  bySeed(subjectsOf(reported(made)), sizeLabel).map(({ label, members }) => [label, members.length])

describe("seeds of one SAE", () => {
  it("are not SAEs of two stages that have the same coordinates and other sizes, or were trained on", () => {
    const two = [0, 1].map((seed) => ({ at: { ties: 8, seed } }))
    expect(grouped([...two, ...two.map((each) => ({ ...each, d_sae: 128 }))])).toEqual([
      ["ties 8, 64 latents", 2],
      ["ties 8, 128 latents", 2]
    ])
    const on = two.map((each) => ({ ...each, training: { steps: 10, init: "narrow" } }))
    expect(grouped([...two, ...on])).toEqual([
      ["ties 8", 2],
      ["ties 8, trained on from another SAE", 2]
    ])
    // One of each is left where others failed.
    expect(grouped([two[0], on[1]].flatMap((each) => each ?? []))).toHaveLength(2)
  })

  it("are no SAEs that have the same seed, or none, and that nothing tells apart", () => {
    expect(grouped([0, 1, 0, 1].map((seed) => ({ at: { k: 8, seed } })))).toEqual([0, 1, 2, 3].map(() => ["k 8", 1]))
    expect(grouped([{ at: { k: 8 } }, { at: { k: 8 } }])).toEqual([0, 1].map(() => ["k 8", 1]))
  })

  it("are SAEs whose size is what came out, as of those that are merged", () => {
    const merged = [60, 70].map((d_sae, seed) => ({ at: { size: 1, seed }, d_sae, training: { merged: [] } }))
    expect(grouped(merged)).toEqual([["size 1", 2]])
  })

  it("are one point of the sweep where the seed is the only coordinate", () => {
    const made = [0.4, 0.5, 0.6].map((ev, seed) => ({ at: { seed }, ev }))
    const wide = [0.7, 0.8].map((ev, seed) => ({ at: { seed }, ev, d_sae: 128 }))
    expect(grouped(made)).toEqual([["64 latents", 3]])
    const { evaluations, ...rest } = reported([...made, ...wide])
    const placed = evaluations.map(({ at, value }) => ({
      at,
      value: { ...value, metrics: { ...value.metrics, l0: value.d_sae / 4 } }
    }))
    const said = tagsOf(sweepSection(subjectsOf({ ...rest, evaluations: placed }))?.markup ?? "").map(
      ({ text }) => text
    )
    expect(said.some((text) => /64 latents, mean of 3 seeds, .*explained variance 0\.5000/.test(text))).toBe(true)
    expect(said.some((text) => /128 latents, mean of 2 seeds, .*explained variance 0\.7500/.test(text))).toBe(true)
  })

  it("hide none that is in no mean behind the means", () => {
    const many = [0, 1, 2, 3, 4, 5, 6, 7].map((seed) => ({ at: { k: 8, seed } }))
    const summary = textOf(scienceReport(reported([...many, { at: { k: 4 }, ev: 0.123 }])), "summary")
    expect(summary.indexOf("0.1230")).toBeGreaterThan(0)
    expect(summary.indexOf("0.1230")).toBeLessThan(summary.indexOf("Each of the 9 SAEs by itself"))
  })
})
