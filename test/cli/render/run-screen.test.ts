import { describe, expect, it } from "vitest"
import { lineRenderer } from "../../../src/cli/render/line-renderer.ts"
import { runScreen } from "../../../src/cli/render/run-screen.ts"
import { makeRunView } from "../../../src/cli/render/run-view.ts"
import type { RunEvent, StageOutcome, StageStatus } from "../../../src/run/event.ts"

const sae = (width: number): string => `sae[width=${width},seed=0]`
const stages = [
  { id: "capture", kind: "capture-activations", needs: [] },
  ...[512, 2048].map((width) => ({ id: sae(width), kind: "train-sae", needs: ["capture"] })),
  { id: "evaluate", kind: "evaluate-sae", needs: [sae(512), sae(2048)] },
  { id: "report", kind: "report", needs: ["evaluate"] }
]
const started: RunEvent = { type: "run-started", at: 0, run: "r1", experiment: "x.yaml", directory: "r1", stages }

const ended = (id: string, status: StageStatus, more: Partial<StageOutcome> = {}): RunEvent => ({
  type: "stage-finished",
  at: 3_000,
  id,
  kind: "train-sae",
  status,
  key: "k",
  digest: "d",
  seconds: 3,
  savedSeconds: null,
  cost: null,
  metrics: { loss: 1.5, l0: 16, explained_variance: 0.93517 },
  headline: ["explained_variance", "l0"],
  leftOut: [],
  reasons: [],
  problem: null,
  log: null,
  ...more
})
const starts = (id: string): RunEvent => ({
  type: "stage-started",
  at: 3_000,
  id,
  kind: "train-sae",
  key: "k",
  attempt: 1,
  device: "cpu",
  gpuMissing: false,
  resumes: false,
  reasons: [{ path: "params.k", before: 28, after: 24, source: "--set k=24" }],
  restores: null,
  log: "log"
})
const progress = (id: string): RunEvent => ({
  type: "stage-progress",
  at: 9_000,
  id,
  done: 450,
  total: 900,
  unit: "steps",
  rate: 75,
  eta: 6,
  metrics: { loss: 0.12 }
})

const screen = (events: ReadonlyArray<RunEvent>, size: { columns: number; rows: number }, stopping = false): string => {
  const view = makeRunView(new Map([["evaluate", 20]]))
  for (const event of events) view.apply(event)
  return runScreen(view, { ...size, now: 9_000, frame: 0, stopping, paint: (_, mark) => mark })
}

describe("a run on a terminal", () => {
  const middle = [
    started,
    ended("capture", "hit", { savedSeconds: 75 }),
    starts(sae(512)),
    progress(sae(512)),
    { type: "stage-waiting", at: 3_100, id: sae(2048), for: `the CPUs, in use by ${sae(512)}` } as const
  ]

  it("each stage has one line with its progress, and one line below tells done, elapsed and left", () => {
    expect(screen(middle, { columns: 100, rows: 24 })).toBe(
      `
= capture                 cached, saves 1 min 15 s
⠋ sae[width=512,seed=0]   450/900 steps, 75/s, 6.0 s left, loss 0.12
… sae[width=2048,seed=0]  waits for the CPUs, in use by sae[width=512,seed=0]
· evaluate                after sae[width=512,seed=0], sae[width=2048,seed=0]
· report                  after evaluate
1 of 5 done (1 cached), 9.0 s, at least 26 s of work left`.trimStart()
    )
  })

  it("the work that is left of stages in one pass counts once", () => {
    const pass = [sae(512), sae(2048)].flatMap((id) => [starts(id), { ...progress(id), together: 2 }])
    expect(screen([started, ended("capture", "ran"), ...pass], { columns: 100, rows: 24 })).toMatch(
      /^1 of 5 done, 9\.0 s, at least 26 s of work left$/m
    )
  })

  it("no line is wider than the terminal, and there are no more lines than it has", () => {
    const many = Array.from({ length: 300 }, (_, i) => ({ id: `stage-${i}`, kind: "command", needs: [] }))
    const events = [
      { ...started, stages: [...many, ...stages] },
      ...many.slice(0, 200).map(({ id }) => ended(id, "hit", { savedSeconds: 1 })),
      ...many.slice(200, 240).map(({ id }) => ended(id, "ran")),
      ...middle.slice(1)
    ]
    for (const [columns, rows] of [
      [40, 10],
      [80, 24],
      [140, 50]
    ] as const) {
      const lines = screen(events, { columns, rows }).split("\n")
      expect(lines.length).toBeLessThan(rows)
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(columns)
      expect(lines.join("\n")).toContain("201 stages cached")
      expect(lines.join("\n")).toContain("450/900 steps")
    }
  })

  it("an interrupted stage says where it was, and what was skipped for one reason is one line", () => {
    const problem = "interrupted at 450 of 900 steps; the same command goes on from its checkpoint"
    const skipped = { problem: "it needs capture, which failed" }
    const text = screen(
      [
        started,
        ended("capture", "failed"),
        ended(sae(512), "interrupted", { problem }),
        ...[sae(2048), "evaluate", "report"].map((id) => ended(id, "skipped", skipped))
      ],
      { columns: 110, rows: 24 }
    )
    expect(text).toContain(`‖ ${sae(512)}  ${problem}`)
    expect(text).toContain(`- 3 stages: it needs capture, which failed (${sae(2048)}, evaluate, report)`)
  })
})

it("without a terminal ten skips are told once, after what failed", () => {
  const lines: Array<string> = []
  const renderer = lineRenderer((line) => lines.push(line))
  const skipped = { problem: "it needs capture, which failed" }
  renderer.onEvent(ended("capture", "failed", { problem: "no such hook" }))
  for (const { id } of stages.slice(1)) renderer.onEvent(ended(id, "skipped", skipped))
  expect(lines).toEqual(["FAILED   capture: after 3.0 s: no such hook"])
})
