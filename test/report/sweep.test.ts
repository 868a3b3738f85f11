import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { curvesSection, thinned } from "../../src/report/sections/curves-section.ts"
import { paretoFront, sweepSection } from "../../src/report/sections/sweep-section.ts"
import { subjectsOf } from "../../src/report/page/subjects.ts"
import type { SaeInfo } from "../../src/kinds/sae/stored/sae-weights.ts"
import { tagsOf } from "./page-tags.ts"
import { sampleReport } from "./sample-report.ts"
import { evaluation, saeInfo } from "./sample-sae.ts"

const points = fc.array(fc.record({ x: fc.integer({ min: 0, max: 9 }), y: fc.integer({ min: 0, max: 9 }) }), {
  minLength: 1,
  maxLength: 20
})

describe("SAEs of a sweep", () => {
  it("are in front exactly where none is as sparse and better, or as good and sparser", () => {
    fc.assert(
      fc.property(points, (all) => {
        const front = paretoFront(all)
        const beaten = (p: { x: number; y: number }): boolean =>
          all.some((q) => q.x <= p.x && q.y >= p.y && (q.x < p.x || q.y > p.y))
        const places = new Set(front.map(({ x, y }) => `${x} ${y}`))
        expect(places.size).toBe(front.length)
        for (const p of all) expect(places.has(`${p.x} ${p.y}`)).toBe(!beaten(p))
      })
    )
  })

  it("stand at the mean L0 of their seeds with a bar for each interval; a control is in no line and on no front", () => {
    const placed = [
      { at: { k: 8, seed: 0, control: null }, ev: 0.8 },
      { at: { k: 16, seed: 0 }, ev: 0.9 },
      { at: { k: 16, seed: 1 }, ev: 0.91 },
      { at: { k: 4, seed: 0, control: "frozen decoder" }, ev: 0.3 }
    ].map((each, i) => ({ ...each, digest: `sae-${i}` }))
    const of = (seeds: ReadonlyArray<number>) =>
      tagsOf(
        sweepSection(
          subjectsOf({
            ...sampleReport(),
            saes: placed.map(({ at, digest }) => ({ at, value: { ...saeInfo(64, digest), k: at.k } })),
            evaluations: placed
              .filter(({ at }) => seeds.includes(at.seed))
              .map(({ at, digest, ev }) => {
                const made = evaluation(64, digest, ev)
                const l0 = at.k + at.seed / 10
                return { at, value: { ...made, metrics: { ...made.metrics, l0, l0_low: l0 - 1, l0_high: l0 + 2 } } }
              }),
            interpretations: [],
            dashboards: [],
            absorptions: []
          })
        )?.markup ?? ""
      )
    const classed = (tags: ReturnType<typeof tagsOf>, name: string, pattern: RegExp) =>
      tags.filter((tag) => tag.name === name && pattern.test(tag.attributes["class"] ?? ""))
    const all = of([0, 1])
    // Two charts have values: explained variance and cross-entropy, which is the same of all.
    expect(classed(all, "circle", /f0/)).toHaveLength(4)
    expect(classed(all, "circle", /f1/)).toHaveLength(2)
    expect(all.some(({ text }) => text.includes("k 16, mean of 2 seeds, L0 16.05, explained variance 0.9050"))).toBe(
      true
    )
    // L0 in each chart of each point, and explained variance over two seeds.
    expect(classed(all, "line", /whisker/)).toHaveLength(7)
    expect(classed(all, "polyline", /line l0/)).toHaveLength(2)
    expect(classed(all, "polyline", /line l1/)).toHaveLength(0)
    const [front] = classed(all, "polyline", /reference/)
    const corners = front?.attributes["points"]?.split(" ").map((corner) => Number(corner.split(",")[0])) ?? []
    const [control] = classed(all, "circle", /f1/)
    expect(corners).toHaveLength(3)
    expect(Math.min(...corners)).toBeGreaterThan(Number(control?.attributes["cx"]))
    expect(all.filter(({ text }) => text.trim() === "frozen decoder")).toHaveLength(2)
    expect(classed(of([0]), "line", /whisker/)).toHaveLength(6)
  })

  it("have an axis from zero up where no latent is dead at any step", () => {
    const step = Float64Array.of(1, 2, 3)
    const saes = [{ at: {}, value: saeInfo(64, "sae"), curve: { step, dead: new Float64Array(3) } }]
    const drawn = curvesSection(subjectsOf({ ...sampleReport(), saes }))?.markup ?? ""
    expect(drawn).toContain("0 %")
    expect(drawn).not.toMatch(/>-\d+ %/)
  })

  it("keep the first and the last of the steps that are drawn", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 2, max: 200 }), (rows, most) => {
        const kept = thinned(rows, most)
        expect([kept[0], kept.at(-1)]).toEqual([0, rows - 1])
        expect(kept.length).toBe(Math.min(rows, most))
        expect(new Set(kept).size).toBe(kept.length)
      })
    )
  })
})

describe("what SAEs are called", () => {
  const called = (infos: ReadonlyArray<Partial<SaeInfo>>): ReadonlyArray<string> =>
    subjectsOf({
      ...sampleReport(),
      saes: infos.map((info, i) => ({ at: {}, value: { ...saeInfo(64, `${i}`.repeat(64)), ...info } })),
      evaluations: [],
      interpretations: [],
      dashboards: [],
      absorptions: []
    })
      .slice(0, infos.length)
      .map(({ label }) => label)

  it("is their size, and of several of one size what tells them apart", () => {
    expect(called([{}])).toEqual(["64 latents"])
    expect(called([{}, { d_sae: 128 }])).toEqual(["64 latents", "128 latents"])
    expect(
      called([{ training: { freeze: "none" } }, { training: { freeze: "decoder" } }, { architecture: "neurons" }])
    ).toEqual(["64 latents, batch_topk, freeze none", "64 latents, batch_topk, freeze decoder", "64 latents, neurons"])
  })

  it("has their digest in it where nothing else does", () => {
    expect(called([{}, {}])).toEqual(["64 latents, 00000000", "64 latents, 11111111"])
    expect(called([{}, {}, { k: 8 }])).toEqual([
      "64 latents, k 16, 00000000",
      "64 latents, k 16, 11111111",
      "64 latents, k 8"
    ])
  })
})
