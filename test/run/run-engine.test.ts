import { readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { mayHaveGpus } from "../../src/execute/local/nvidia-smi.ts"
import { EngineUnavailable } from "../../src/tensor/engine-unavailable.ts"
import { storeAt } from "./experiment.ts"
import type { StageSpec } from "./experiment.ts"
import { runGraph } from "./run-graph.ts"
import { temporaryCache } from "./temporary-cache.ts"
import { webgpuHere } from "../webgpu.ts"

const place = temporaryCache()
const product: StageSpec = { id: "product", kind: "tensor-sum", params: { size: 8 }, resources: { gpu: 1 } }

describe("a stage that multiplies matrices", () => {
  it.skipIf(mayHaveGpus())(
    "runs on the CPU where there is no GPU, which is said, and its record names the engine",
    async () => {
      const { result, events } = await runGraph(place.cache, [product])
      expect(result.firstCause).toBeUndefined()
      expect(result.stages[0]?.metrics).toEqual({ sum: 512 })
      expect(events.find((event) => event.type === "stage-started")).toMatchObject({ device: "cpu", gpuMissing: true })
      const action = await Effect.runPromise(storeAt(place.cache).action(result.stages[0]?.key ?? ""))
      expect(action?.engine).toMatchObject({ name: "wasm", device: "cpu", threads: 1 })
      expect(readFileSync(result.stages[0]?.log ?? "", "utf8")).toBe("wasm on cpu, 1 threads, CUDA_VISIBLE_DEVICES=\n")
    }
  )

  it.skipIf(!webgpuHere)("runs on webgpu where that is asked for, and has its GPU", async () => {
    const engine = Effect.succeed("webgpu" as const)
    const { result, events } = await runGraph(place.cache, [product], { engine })
    expect(result.firstCause).toBeUndefined()
    expect(result.stages[0]?.metrics).toEqual({ sum: 512 })
    expect(events.find(({ type }) => type === "stage-started")).toMatchObject({ device: "webgpu", gpuMissing: false })
    const action = await Effect.runPromise(storeAt(place.cache).action(result.stages[0]?.key ?? ""))
    expect(action?.engine).toMatchObject({ name: "webgpu", threads: 1, kernels: "shaders" })
  })

  it("asks for the engine once, and only when something has to run", async () => {
    let asked = 0
    const engine = Effect.sync(() => {
      asked++
      return "wasm" as const
    })
    const two = [product, { ...product, id: "other", params: { size: 4 } }]
    await runGraph(place.cache, two, { engine })
    expect(asked).toBe(1)
    expect((await runGraph(place.cache, two, { engine })).statuses).toEqual({ product: "hit", other: "hit" })
    expect(asked).toBe(1)
  })

  it("fails with the reason and the remedy where there is no engine; other stages run", async () => {
    const engine = Effect.fail(new EngineUnavailable({ engine: "tensorflow", reason: "no g++", fix: "Install g++" }))
    const { statuses, result } = await runGraph(
      place.cache,
      [product, { id: "a", kind: "add", params: { tally: place.tally } }],
      { engine, keepGoing: true }
    )
    expect(statuses).toEqual({ product: "failed", a: "ran" })
    expect(result.firstCause?.problem).toContain("no g++")
    expect(result.firstCause?.problem).toContain("Install g++")
  })
})
