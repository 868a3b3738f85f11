import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { checkResources } from "../../../src/experiment/check-resources.ts"
import { Executor } from "../../../src/execute/executor.ts"
import type { Plan } from "../../../src/plan/plan.ts"
import type { StageInstance } from "../../../src/plan/stage-instance.ts"
import { parseGpus, visibleGpus } from "../../../src/execute/local/gpus.ts"
import { listGpus } from "../../../src/execute/local/nvidia-smi.ts"
import { takeGpus } from "../../../src/execute/local/take-gpus.ts"
import { unmetBudgets, unmetGpus } from "../../../src/execute/local/unmet.ts"
import { standInGpus, type StandInGpus } from "./stand-in-gpus.ts"

const csv = "0, GPU-aaaa-1, 81559, 81000\n1, GPU-bbbb-2, 81559, 100\n2, GPU-cccc-3, [N/A], [N/A]\n"
const divided = [
  "GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-aaaa-1)",
  "  MIG 3g.40gb     Device  0: (UUID: MIG-1111)",
  "  MIG 1g.10gb     Device  1: (UUID: MIG-2222)",
  "GPU 1: NVIDIA A100-SXM4-80GB (UUID: GPU-bbbb-2)",
  "GPU 2: NVIDIA GB10 (UUID: GPU-cccc-3)"
].join("\n")
const MIB = 1024 * 1024
const GIB = 1024 * MIB

describe("the GPUs of a machine", () => {
  it("are read from the driver's list; what it does not tell is not known", () => {
    expect(parseGpus(csv)).toEqual([
      { device: "GPU-aaaa-1", name: "gpu0", free: 81000 * MIB, total: 81559 * MIB, slice: false },
      { device: "GPU-bbbb-2", name: "gpu1", free: 100 * MIB, total: 81559 * MIB, slice: false },
      { device: "GPU-cccc-3", name: "gpu2", free: null, total: null, slice: false }
    ])
    expect(parseGpus("")).toEqual([])
  })

  it("are the slices of those that are divided", () => {
    expect(parseGpus(csv, divided).map(({ name, device, total }) => [name, device, total])).toEqual([
      ["gpu0 3g.40gb 0", "MIG-1111", 40 * GIB],
      ["gpu0 1g.10gb 1", "MIG-2222", 10 * GIB],
      ["gpu1", "GPU-bbbb-2", 81559 * MIB],
      ["gpu2", "GPU-cccc-3", null]
    ])
  })

  it("are those that CUDA_VISIBLE_DEVICES leaves, in its order, up to the first entry that names none", () => {
    const names = (visible: string, list = ""): ReadonlyArray<string> =>
      visibleGpus(parseGpus(csv, list), visible).map(({ name }) => name)
    expect(names("1,0")).toEqual(["gpu1", "gpu0"])
    expect(names("GPU-bbbb")).toEqual(["gpu1"])
    expect(names("7")).toEqual([])
    expect(names("0,7,1")).toEqual(["gpu0"])
    expect(names("-1")).toEqual([])
    expect(names("")).toEqual([])
    expect(names("0,0")).toEqual(["gpu0"])
    expect(names("MIG-1234")).toEqual(["MIG-1234"])
    expect(names("MIG-2222,1", divided)).toEqual(["gpu0 1g.10gb 1", "gpu1"])
    expect(names("0", divided)).toEqual(["gpu0 3g.40gb 0"])
  })
})

describe("a request that cannot be met", () => {
  const [whole] = parseGpus("0, GPU-a, 24576, 24000\n")
  const two = whole === undefined ? [] : [whole, { ...whole, name: "gpu1" }]
  const problems = (...args: Parameters<typeof unmetGpus>): ReadonlyArray<string> =>
    unmetGpus(...args).map(({ resource, problem }) => `${resource}: ${problem}`)

  it("is told with what there is", () => {
    expect(problems(two, { gpu: 2, vram: 24 * GIB })).toEqual([])
    expect(problems(two, { gpu: 3 })).toEqual([
      "gpu: 3 GPUs are asked for; this machine has 2 (gpu0 with 24 GiB, gpu1 with 24 GiB)"
    ])
    expect(problems(two, { gpu: 1, vram: 80 * GIB })).toEqual([
      "vram: 80 GiB are asked for, and no GPU has as much (gpu0 with 24 GiB, gpu1 with 24 GiB)"
    ])
    expect(problems(parseGpus(csv, divided).slice(0, 2), { gpu: 2 })[0]).toContain("one slice of a divided GPU")
  })

  it("is none of a GPU where there is no GPU, nor one that asks for none", () => {
    expect(problems([], { gpu: 1, vram: GIB })).toEqual([])
    expect(problems(two, { vram: 80 * GIB })).toEqual([])
  })

  it("may be of CPUs, memory and disk", () => {
    const capacity = { cpu: 2, memory: 16 * GIB, disk: 10 * GIB }
    expect(unmetBudgets(capacity, { cpu: 2, memory: 16 * GIB, disk: 10 * GIB })).toEqual([])
    const more = unmetBudgets(capacity, { cpu: 3, memory: 17 * GIB, disk: 11 * GIB })
    expect(more.map(({ resource }) => resource)).toEqual(["cpu", "memory", "disk"])
    const [memory] = unmetBudgets(capacity, { memory: 16 * GIB + MIB })
    expect(memory?.problem).toBe("16.001 GiB are asked for; this machine gives us 16.000 GiB")
  })

  it("is what a stage cannot do without, where the executor has less and the file says nothing of it", async () => {
    const at = { file: "x.yaml", line: 3, col: 5 }
    const check = (bytes: number, machine: number | undefined, said: boolean): Promise<string | undefined> => {
      const origins = said ? { "resources.memory": at } : {}
      const instance = { id: "sae", stage: "sae", kind, resources: {}, origins } as unknown as StageInstance
      const need = {
        id: "sae",
        needs: { memory: bytes },
        at,
        path: "with.d_sae",
        problem: "it takes much",
        remedy: "take less"
      }
      const plan = { stages: [{ action: "unknown", instance }], notes: [], needs: [need] } as unknown as Plan
      const executor = Executor.of({
        places: () => Effect.die("nothing runs"),
        unmet: (demands) =>
          Effect.succeed(
            demands.flatMap(({ id, resources }) =>
              machine === undefined
                ? []
                : unmetBudgets({ cpu: 1, memory: machine, disk: 0 }, resources).map((found) => ({ id, ...found }))
            )
          )
      })
      return Effect.runPromise(
        checkResources(plan, "/").pipe(
          Effect.provideService(Executor, executor),
          Effect.match({ onSuccess: () => undefined, onFailure: ({ message }) => message })
        )
      )
    }
    const kind = { engine: true, isolation: "process" }
    expect(await check(20 * GIB, 16 * GIB, false)).toContain(
      "x.yaml:3:5 with.d_sae: it takes much, and this machine gives us 16.0 GiB; take less; where it takes less, say how much: resources: { memory: ... }"
    )
    expect(await check(10 * GIB, 16 * GIB, false)).toBeUndefined()
    expect(await check(20 * GIB, 16 * GIB, true)).toBeUndefined()
    // What the nodes of a cluster have, nobody here knows.
    expect(await check(20 * GIB, undefined, false)).toBeUndefined()
  })
})

describe("taking GPUs", () => {
  let gpus: StandInGpus
  const a = { uuid: "GPU-a", total: 81920, free: 81000 }
  const b = { uuid: "GPU-b", total: 24576, free: 24000 }
  beforeEach(() => {
    gpus = standInGpus([a, b])
    for (const [name, value] of Object.entries(gpus.env)) vi.stubEnv(name, value)
    vi.stubEnv("CUDA_VISIBLE_DEVICES", undefined)
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    gpus.remove()
  })

  const holding = Effect.fnUntraced(function* (gpu: number, vram?: number, onWait: (why: string) => void = () => {}) {
    const scope = yield* Scope.make()
    const request = { gpu, purpose: "sae of run r", ...(vram === undefined ? {} : { vram }) }
    const taken = yield* takeGpus(request, onWait).pipe(Effect.provideService(Scope.Scope, scope))
    return { names: taken.map(({ name }) => name), release: Scope.close(scope, Exit.void) }
  })

  it("gives the lowest that is free and large enough, and each to one at a time", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const first = yield* holding(1)
        const second = yield* holding(1)
        expect([first.names, second.names]).toEqual([["gpu0"], ["gpu1"]])
        yield* first.release
        yield* second.release
        const large = yield* holding(1, 40 * GIB)
        expect(large.names).toEqual(["gpu0"])
        yield* large.release
        expect((yield* holding(2)).names).toEqual(["gpu0", "gpu1"])
      })
    ))

  it("waits for memory that another process has, says whose it is, and says it once", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        gpus.set([{ ...a, free: 81920 - 62464, users: { 77: 10, 4123: 61000 } }])
        const said: Array<string> = []
        const waiting = yield* Effect.forkChild(holding(1, 40 * GIB, (why) => said.push(why)))
        yield* Effect.sleep(600)
        gpus.set([{ ...a, free: 81920 - 62000, users: { 77: 10, 4123: 61000 } }])
        yield* Effect.sleep(1400)
        expect(said).toEqual(["gpu0: 61 of 80 GiB used by processes 4123, 77 (40 GiB wanted)"])
        gpus.set([{ ...a, free: 81920 - 61440, users: { 4123: 61000 } }])
        while (said.length < 2) yield* Effect.sleep(50)
        expect(said[1]).toBe("gpu0: 60 of 80 GiB used by process 4123 (40 GiB wanted)")
        gpus.set([a])
        expect((yield* Fiber.join(waiting)).names).toEqual(["gpu0"])
      })
    ))

  it("waits for another process that holds it, names it, and goes on at once when that one dies", async () => {
    gpus.set([a])
    const script = join(import.meta.dirname, "hold-gpu.ts")
    const other = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"], env: process.env })
    const [said] = (await once(other.stdout, "data")) as [Buffer]
    expect(said.toString().trim()).toBe("gpu0")
    const { promise: waits, resolve } = Promise.withResolvers<string>()
    const mine = Effect.runPromise(holding(1, undefined, resolve))
    expect(await waits).toMatch(new RegExp(`^gpu0: in use by process ${other.pid} on .*, for another's stage$`))
    other.kill("SIGKILL")
    expect((await mine).names).toEqual(["gpu0"])
  })

  it("takes all that a stage wants or none", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const one = yield* holding(1, 40 * GIB)
        const both = yield* Effect.forkChild(holding(2))
        yield* Effect.sleep(300)
        const other = yield* holding(1)
        expect(other.names).toEqual(["gpu1"])
        yield* one.release
        yield* other.release
        expect((yield* Fiber.join(both)).names).toEqual(["gpu0", "gpu1"])
      })
    ))

  it("fails where the driver does, with what it said", async () => {
    gpus.fail("Failed to initialize NVML: Driver/library version mismatch\n")
    const failure = await Effect.runPromise(Effect.flip(listGpus))
    expect(failure.message).toContain("fails (9): Failed to initialize NVML: Driver/library version mismatch")
    expect(failure.message).toContain("CUDA_VISIBLE_DEVICES= to nothing")
    vi.stubEnv("CUDA_VISIBLE_DEVICES", "")
    expect(await Effect.runPromise(listGpus)).toEqual([])
  })
})
