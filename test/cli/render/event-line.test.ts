import { expect, it } from "vitest"
import { eventLine } from "../../../src/cli/render/event-line.ts"
import type { RunEvent, StageOutcome } from "../../../src/run/event.ts"
import { NEVER_RAN } from "../../../src/plan/explain.ts"
import { runCost } from "../../../src/run/run-cost.ts"

const at = 0
const sae = { id: "sae[width=512,seed=0]", kind: "train-sae" }
const outcome = (more: Partial<StageOutcome>): StageOutcome => ({
  ...sae,
  status: "ran",
  key: "k",
  digest: "d",
  seconds: 0,
  savedSeconds: null,
  cost: null,
  metrics: {},
  headline: ["ev", "l0"],
  leftOut: [],
  reasons: [],
  problem: null,
  log: null,
  ...more
})
const started = { type: "stage-started", at, ...sae, key: "k", log: "sae.log", restores: null, reasons: [] } as const
const place = { attempt: 1, device: "cpu", gpuMissing: false, resumes: false }
const changed = [{ path: "params.k", before: 28, after: 24, source: "--set k=24" }]

const events: ReadonlyArray<RunEvent> = [
  { type: "run-started", at, run: "r1", experiment: "x.yaml", directory: "runs/r1", stages: [{ ...sae, needs: [] }] },
  { type: "stage-waiting", at, id: sae.id, for: "the CPUs, in use by capture" },
  { ...started, ...place, reasons: changed },
  { ...started, ...place, attempt: 2, device: "gpu0", resumes: true },
  { ...started, ...place, resumes: true, reasons: [{ path: NEVER_RAN, source: null }, ...changed] },
  { ...started, ...place, restores: "evaluate" },
  {
    type: "stage-progress",
    at,
    id: sae.id,
    done: 300,
    total: 1000,
    unit: "steps",
    rate: 45.678,
    eta: 15.3,
    metrics: { loss: 0.12345, l0: 16 }
  },
  { type: "stage-progress", at, id: sae.id, done: 0, total: 9, unit: "rows", rate: null, eta: null, metrics: {} },
  {
    type: "stage-progress",
    at,
    id: sae.id,
    done: 1.7 + 0.0149999,
    total: 2,
    unit: "SAEs",
    rate: null,
    eta: null,
    metrics: {}
  },
  { type: "stage-log", at, id: sae.id, line: "step 300" },
  { type: "stage-log", at, id: sae.id, line: "warning: half of the latents are dead" },
  ...[
    {
      reached: { done: 450, total: 900, unit: "steps" },
      resumes: true,
      from: { done: 450, total: 900, unit: "steps" }
    },
    { reached: { done: 7, total: 9, unit: "files" }, resumes: true, from: { done: 6, total: 9, unit: "files" } },
    { reached: null, resumes: true, from: null },
    { reached: { done: 7, total: 9, unit: "files" }, resumes: false, from: null }
  ].map((told) => ({ type: "stage-interrupted", at, id: sae.id, ...told }) as const),
  { type: "stage-retry", at, id: sae.id, attempt: 1, problem: "the worker was killed", delay: 2 },
  {
    type: "artifact-lost",
    at,
    id: "capture",
    digest: "d",
    reason: "missing",
    path: "train.arrow",
    neededBy: sae.id
  },
  { type: "stage-nondeterministic", at, id: sae.id, key: "k", canonical: "a".repeat(64), other: "b".repeat(64) },
  {
    type: "stage-finished",
    at,
    ...outcome({ seconds: 75.2, metrics: { loss: 1.5, l0: 16, ev: 0.93517, a: 1, b: 2 } })
  },
  { type: "stage-finished", at, ...outcome({ status: "hit", savedSeconds: 7_801 }) },
  {
    type: "stage-finished",
    at,
    ...outcome({ status: "failed", seconds: 12, problem: "k is 600, the dictionary has 512 latents" })
  },
  { type: "stage-finished", at, ...outcome({ status: "skipped", problem: "it needs capture, which failed" }) },
  {
    type: "run-finished",
    at,
    run: "r1",
    status: "failed",
    seconds: 130,
    cost: {
      spent: { seconds: 120, cpuSeconds: 233, gpuSeconds: 65, unmeasured: 1 },
      saved: { seconds: 7_801, cpuSeconds: 9_000, gpuSeconds: 0, unmeasured: 0 }
    },
    stages: [outcome({}), outcome({ status: "hit" }), outcome({ status: "failed" }), outcome({ status: "skipped" })]
  },
  {
    type: "run-finished",
    at,
    run: "r1",
    status: "done",
    seconds: 0.42,
    cost: runCost([]),
    stages: [outcome({ status: "hit" })]
  }
]

it("every event of a run as people read it", () => {
  expect(
    events
      .map(eventLine)
      .map((line) => line ?? "(no line)")
      .join("\n")
  ).toBe(
    `
run      r1: x.yaml, 1 stage
waits    sae[width=512,seed=0]: for the CPUs, in use by capture
starts   sae[width=512,seed=0]: params.k 28 -> 24 (--set k=24)
starts   sae[width=512,seed=0]: attempt 2, on gpu0, goes on from its checkpoint
starts   sae[width=512,seed=0]: goes on from its checkpoint, params.k 28 -> 24 (--set k=24)
starts   sae[width=512,seed=0]: its bytes are needed again by evaluate
         sae[width=512,seed=0]: 300/1000 steps, 45.7/s, 15 s left, loss 0.1235, l0 16
         sae[width=512,seed=0]: 0/9 rows
         sae[width=512,seed=0]: 1.71/2 SAEs
(no line)
warns    sae[width=512,seed=0]: half of the latents are dead
stopped  sae[width=512,seed=0]: interrupted at step 450 of 900; the same command goes on from there
stopped  sae[width=512,seed=0]: interrupted at 7 of 9 files; the same command goes on from 6 of 9 files
stopped  sae[width=512,seed=0]: interrupted; the same command goes on from its checkpoint
stopped  sae[width=512,seed=0]: interrupted at 7 of 9 files; it has no checkpoint, and begins anew
retries  sae[width=512,seed=0] in 2.0 s: the worker was killed
lost     capture: train.arrow is missing, and sae[width=512,seed=0] needs it: computed again
differs  sae[width=512,seed=0]: the same key gave other bytes (bbbbbbbbbbbb, not aaaaaaaaaaaa)
ran      sae[width=512,seed=0]: 1 min 15 s, ev 0.9352, l0 16
hit      sae[width=512,seed=0]: cached, saves 2 h 10 min
FAILED   sae[width=512,seed=0]: after 12 s: k is 600, the dictionary has 512 latents
skipped  sae[width=512,seed=0]: it needs capture, which failed
failed   1 cached, 1 ran, 1 failed, 1 skipped, 2 min 10 s
spent    2 min 0 s in stages: at least 3 min 53 s of a CPU, 1 min 5 s of a GPU
saved    2 h 10 min in stages: 2 h 30 min of a CPU
done     1 cached, 0 ran, 0.4 s
seeds    one seed: there is no interval over seeds, and ± is over what each number was measured on; give seed two values or more`.trimStart()
  )
})

const finishedWith = (...stages: ReadonlyArray<StageOutcome>) =>
  eventLine({ type: "run-finished", at, run: "r1", status: "done", seconds: 1, cost: runCost([]), stages }) ?? ""

it("the end of a run says where one seed is all there is, and what absorption is known to do then", () => {
  const seed = (n: number, more: Partial<StageOutcome> = {}) => outcome({ id: `sae[seed=${n}]`, ...more })
  expect(finishedWith(seed(0), seed(1))).not.toContain("one seed")
  expect(finishedWith(outcome({ id: "capture" }))).not.toContain("one seed")
  expect(finishedWith(seed(0))).toMatch(/seed two values or more$/)
  expect(finishedWith(seed(0), seed(1, { status: "failed" }))).toContain("one seed")
  expect(finishedWith(seed(0, { kind: "evaluate-absorption" }))).toContain("in two of five cases")
})
