import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { layoutGraph } from "../../src/report/charts/graph-layout.ts"
import { runReport } from "../../src/report/run-report.ts"
import type { RunReportInput } from "../../src/report/page/made-experiment.ts"
import { scienceReport } from "../../src/report/science-report.ts"
import { madeExperiment } from "./made-experiment.ts"
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

const input: RunReportInput = { ...madeExperiment, report: scienceReport(sampleReport()) }

describe("run report", () => {
  const page = runReport(input)

  it("says first what it is and how it was made, and last what the stages cost; the report's sections stay as they are", () => {
    const ids = tagsOf(page)
      .filter(({ name }) => name === "section")
      .map(({ attributes }) => attributes["id"])
    expect(ids).toEqual([
      "about",
      "summary",
      "controls",
      "sizes",
      "latents",
      "explanations",
      "sweep",
      "training",
      "evaluation",
      "comparison",
      "stitching",
      "absorption",
      "probing",
      "meta-latents",
      "analyses",
      "meta-analysis",
      "meta-edits",
      "explorer",
      "methods",
      "run"
    ])
    expect(textOf(page, "about")).toBe(
      "What this is model builtin:tiny-speller engine tensorflow 2.20 on cpu Parameters k 16 pipeline run experiments/quickstart.yaml"
    )
    expect(tagsOf(page).find(({ name }) => name === "title")?.text).toBe("sample: Sample &amp; report")
    expect(
      tagsOf(page)
        .find(({ name }) => name === "h1")
        ?.text.trim()
    ).toBe("sample: Sample &amp; report")
    for (const id of ["summary", "stitching", "latents"]) expect(textOf(page, id)).toBe(textOf(input.report ?? "", id))
  })

  it("tells what each result cost when it was computed, and which stages have none", () => {
    const text = textOf(page, "run")
    expect(text).toContain(
      "1 min 18 s of computation, one stage after the other 20 s CPU time 2 of 4 stages have a result"
    )
    expect(text).toContain("capture capture-activations 13 s 20 s 1.5 GB 2031-01-01T00-00-00-0000")
    expect(text).toContain("sae[width=512] train-sae 1 min 05 s – – 2031-01-02T03-04-05-ab12")
    expect(text).toContain("sae[width=2048] train-sae no result – – –")
  })

  it("writes what was done as text: what instances share once, what differs with its place, and the papers of the methods", () => {
    const text = textOf(page, "methods")
    expect(text).toContain(
      "sae (train-sae, 2 times: width 512, 2048). Trains a sparse autoencoder. Inputs: activations from capture. " +
        "Settings: architecture = batch_topk; d_sae = width; k = 16."
    )
    expect(text).toContain("Computed with sae-pipeline 0.1.0; Node.js 22.0.0.")
    expect(text).toContain("version = {sae-pipeline 0.1.0, commit 0123456789}")
    expect(text).toContain("eprint = {2412.06410}")
    expect(text).not.toContain("2502.04878")
  })

  it("draws a box for each stage, across and, for narrow pages, down; dashed where there is no result, and a line for each input", () => {
    const tags = tagsOf(page)
    const boxes = tags.filter(({ name, attributes }) => name === "g" && /made|none/.test(attributes["class"] ?? ""))
    const drawn = ["made", "made", "none", "none"]
    expect(boxes.map(({ attributes }) => attributes["class"])).toEqual([...drawn, ...drawn])
    expect(tags.filter(({ attributes }) => attributes["class"] === "edge")).toHaveLength(2 * 4)
    const times = tags.filter(({ attributes }) => attributes["text-anchor"] === "end" && attributes["class"] === "kind")
    const told = ["13 s", "1 min 05 s", "no result", "no result"]
    expect(times.map(({ text }) => text)).toEqual([...told, ...told])
  })

  it("draws stages instead of instances where there are very many", () => {
    const widths = Array.from({ length: 60 }, (_, i) => `sae[width=${i}]`)
    const many = runReport({
      ...input,
      graph: [
        { id: "capture", stage: "capture", kind: "capture-activations", needs: [] },
        ...widths.map((id) => ({ id, stage: "sae", kind: "train-sae", needs: ["capture"] }))
      ],
      results: widths
        .slice(0, 20)
        .map((id) => ({ id, seconds: 1, cpuSeconds: undefined, peakMemory: undefined, run: "r" }))
    })
    const text = textOf(many, "run")
    expect(text).toContain("sae × 60")
    expect(text).toContain("20 made, 20 s")
    expect(tagsOf(many).filter(({ attributes }) => attributes["class"] === "edge")).toHaveLength(2)
  })

  it("is a page of its own where the experiment has no report", () => {
    const alone = runReport({ ...input, report: undefined, results: [] })
    expect(textOf(alone, "content")).toContain("There is no report of these parameters")
    expect(tagsOf(alone).filter(({ name }) => name === "section")).toHaveLength(3)
  })

  it("shows names with markup in them as text", () => {
    const hostile = `</section><script>alert("$&")</script>`
    const attacked = runReport({
      ...input,
      name: hostile,
      description: hostile,
      commands: [hostile],
      parameters: [[hostile, hostile]],
      graph: input.graph.map((node) => ({ ...node, kind: hostile }))
    })
    expect(tagsOf(attacked).filter(({ name }) => name === "script")).toHaveLength(2)
    expect(textOf(attacked, "run")).toContain(hostile)
    expect(textOf(attacked, "about")).toContain(hostile)
  })
})
