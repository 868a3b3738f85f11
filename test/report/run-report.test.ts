import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { layoutGraph } from "../../src/report/charts/graph-layout.ts"
import { runReport } from "../../src/report/run-report.ts"
import type { RunReportInput, RunStage } from "../../src/report/page/run-summary.ts"
import { scienceReport } from "../../src/report/science-report.ts"
import { tagsOf, textOf } from "./page-tags.ts"
import { sampleReport } from "./sample-report.ts"

/** Random graphs: every node needs some of the nodes before it. */
const graph = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { maxLength: 12 })
  .map((lists) =>
    lists.map((list, i) => ({ id: `n${i}`, needs: i === 0 ? [] : [...new Set(list.map((n) => `n${n % i}`))] }))
  )

describe("layout of a graph", () => {
  it("puts every node right of all it needs, and no two in one place", () => {
    fc.assert(
      fc.property(graph, (nodes) => {
        const { nodes: placed, columns, rows } = layoutGraph(nodes)
        const places = new Map(placed.map(({ node, column }) => [node.id, column]))
        for (const { node, column, row } of placed) {
          for (const needed of node.needs) expect(places.get(needed)).toBeLessThan(column)
          expect(column).toBeLessThan(columns)
          expect(row).toBeLessThanOrEqual(rows - 1)
        }
        expect(new Set(placed.map(({ column, row }) => `${column} ${row}`)).size).toBe(nodes.length)
      })
    )
  })

  it("keeps a chain on one line and puts a node as far left as it can stand", () => {
    const { nodes } = layoutGraph([
      { id: "a", needs: [] },
      { id: "b", needs: ["a"] },
      { id: "c", needs: ["b", "a", "somewhere else"] }
    ])
    expect(nodes.map(({ column, row }) => [column, row])).toEqual([
      [0, 0],
      [1, 0],
      [2, 0]
    ])
  })

  it("refuses a cycle", () => {
    const cycle = [
      { id: "a", needs: ["b"] },
      { id: "b", needs: ["a"] }
    ]
    expect(() => layoutGraph(cycle)).toThrow(/cycle through a/)
  })
})

const stage = (id: string, status: RunStage["status"], over: Partial<RunStage> = {}): RunStage => ({
  id,
  kind: "train-sae",
  status,
  seconds: 0,
  savedSeconds: null,
  problem: null,
  ...over
})

const input: RunReportInput = {
  experiment: "experiments/quickstart.yaml",
  graph: [
    { id: "capture", stage: "capture", kind: "capture-activations", needs: [] },
    { id: "sae[width=512]", stage: "sae", kind: "train-sae", needs: ["capture"] },
    { id: "sae[width=2048]", stage: "sae", kind: "train-sae", needs: ["capture"] },
    { id: "report", stage: "report", kind: "report", needs: ["sae[width=512]", "sae[width=2048]"] }
  ],
  run: {
    run: "2031-01-02T03-04-05-ab12",
    status: "failed",
    seconds: 75,
    stages: [
      stage("capture", "hit", { savedSeconds: 12.5 }),
      stage("sae[width=512]", "ran", { seconds: 65 }),
      stage("sae[width=2048]", "failed", { seconds: 10, problem: "the loss is NaN at <step 3>" }),
      stage("report", "skipped", { problem: "sae[width=2048] failed" })
    ]
  },
  report: scienceReport(sampleReport())
}

describe("run report", () => {
  const page = runReport(input)

  it("puts the run before the sections of the report, which stay as they are", () => {
    const ids = tagsOf(page)
      .filter(({ name }) => name === "section")
      .map(({ attributes }) => attributes["id"])
    expect(ids).toEqual([
      "run",
      "summary",
      "evaluation",
      "comparison",
      "stitching",
      "absorption",
      "meta-latents",
      "latents"
    ])
    expect(tagsOf(page).some(({ name, attributes }) => name === "a" && attributes["href"] === "#run")).toBe(true)
    for (const id of ["summary", "stitching", "latents"]) expect(textOf(page, id)).toBe(textOf(input.report ?? "", id))
  })

  it("tells times, cache hits, failures and their reasons", () => {
    const text = textOf(page, "run")
    expect(text).toContain("2031-01-02T03-04-05-ab12 , failed.")
    expect(text).toContain(
      "1 min 15 s wall-clock time 1 stages ran 1 cached 13 s saved by the cache 1 failed 1 skipped"
    )
    expect(text).toContain("capture train-sae cached – 13 s")
    expect(text).toContain("sae[width=512] train-sae ran 1 min 05 s –")
    expect(text).toContain("sae[width=2048] train-sae failed 10 s – the loss is NaN at <step 3>")
  })

  it("draws a box for each stage in the colour of its outcome, and a line for each input", () => {
    const tags = tagsOf(page)
    const boxes = tags.filter(
      ({ name, attributes }) => name === "g" && /hit|ran|failed|skipped/.test(attributes["class"] ?? "")
    )
    expect(boxes.map(({ attributes }) => attributes["class"])).toEqual(["hit", "ran", "failed", "skipped"])
    expect(tags.filter(({ attributes }) => attributes["class"] === "edge")).toHaveLength(4)
    const times = tags.filter(({ attributes }) => attributes["text-anchor"] === "end" && attributes["class"] === "kind")
    expect(times.map(({ text }) => text)).toEqual(["cached", "1 min 05 s", "failed", "skipped"])
  })

  it("draws stages instead of instances where there are very many", () => {
    const widths = Array.from({ length: 60 }, (_, i) => `sae[width=${i}]`)
    const many = runReport({
      ...input,
      graph: [
        { id: "capture", stage: "capture", kind: "capture-activations", needs: [] },
        ...widths.map((id) => ({ id, stage: "sae", kind: "train-sae", needs: ["capture"] }))
      ],
      run: {
        run: "r",
        status: "done",
        seconds: 1,
        stages: [stage("capture", "hit"), ...widths.map((id, i) => stage(id, i < 20 ? "ran" : "hit"))]
      }
    })
    const text = textOf(many, "run")
    expect(text).toContain("sae × 60")
    expect(text).toContain("20 ran, 40 cached")
    expect(tagsOf(many).filter(({ attributes }) => attributes["class"] === "edge")).toHaveLength(1)
  })

  it("is a page of its own where the experiment has no report, or has not run", () => {
    const alone = runReport({ ...input, report: undefined, run: undefined })
    expect(textOf(alone, "run")).toContain("has not run yet: pipeline run experiments/quickstart.yaml")
    expect(tagsOf(alone).filter(({ name }) => name === "section")).toHaveLength(1)
  })

  it("shows names with markup in them as text", () => {
    const hostile = `</section><script>alert("$&")</script>`
    const attacked = runReport({
      ...input,
      experiment: hostile,
      graph: input.graph.map((node) => ({ ...node, kind: hostile })),
      run: {
        run: hostile,
        status: "done",
        seconds: 1,
        stages: [stage("capture", "ran", { kind: hostile, problem: hostile })]
      }
    })
    expect(tagsOf(attacked).filter(({ name }) => name === "script")).toHaveLength(2)
    expect(textOf(attacked, "run")).toContain(hostile)
  })
})
