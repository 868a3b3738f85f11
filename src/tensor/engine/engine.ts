/**
 * The engine ladder: which library multiplies matrices in this process. A process loads one engine, once; afterwards
 * tensors are made with `import * as tf from "@tensorflow/tfjs-core"`. Importing this module is cheap, the engines
 * themselves are imported when they are loaded.
 */
import { availableParallelism } from "node:os"
import * as Effect from "effect/Effect"
import { type EngineInfo, type EngineName, engineNames } from "../engine-info.ts"
import { EngineUnavailable } from "../engine-unavailable.ts"
import { installedEngine } from "../tensorflow/tensorflow-status.ts"
import { probeAdapter } from "../webgpu/probe-adapter.ts"

export interface LoadEngineOptions {
  /** Threads for one operation. @default `PIPELINE_THREADS`, else every CPU this process may use. */
  readonly threads?: number
  /** False: do without operations of our own. @default true, unless `PIPELINE_KERNELS=library` */
  readonly compiled?: boolean
}

let loaded: EngineInfo | undefined

const isEngineName = (text: string): text is EngineName => engineNames.some((name) => name === text)

/** The best engine that needs no installation: webgpu where there is a GPU, not merely a driver that imitates one. */
export const engineWithoutInstallation = Effect.map(probeAdapter, (found): EngineName =>
  typeof found !== "string" && found.hardware ? "webgpu" : "wasm"
)

/**
 * Turns `auto` into an engine: `PIPELINE_ENGINE` where it is set, else tensorflow where it is installed, else webgpu
 * where there is a GPU, else wasm. Never installs anything (see `ensureEngine`).
 */
export const resolveEngine = Effect.fn("resolveEngine")(function* (choice: "auto" | EngineName) {
  if (choice !== "auto") return choice
  const wanted = process.env["PIPELINE_ENGINE"]
  if (wanted !== undefined && wanted !== "" && wanted !== "auto") {
    if (isEngineName(wanted)) return wanted
    return yield* new EngineUnavailable({
      engine: wanted,
      reason: `PIPELINE_ENGINE=${wanted} names no engine`,
      fix: `Set it to one of: auto, ${engineNames.join(", ")}`
    })
  }
  return installedEngine() === undefined ? yield* engineWithoutInstallation : "tensorflow"
})

const threadsFrom = (options: LoadEngineOptions): number => {
  const wanted = options.threads ?? Number(process.env["PIPELINE_THREADS"] || Number.NaN)
  return Number.isInteger(wanted) && wanted > 0 ? wanted : availableParallelism()
}

/**
 * Makes an engine the tfjs-core back end of this process. A second call returns the engine that is loaded; asking for
 * another one fails, since tensors cannot move between engines and results would not say what computed them.
 */
export const loadEngine = Effect.fn("loadEngine")(function* (
  choice: "auto" | EngineName,
  options: LoadEngineOptions = {}
) {
  if (loaded !== undefined && choice === "auto") return loaded
  const name = yield* resolveEngine(choice)
  if (loaded !== undefined) {
    if (loaded.name === name) return loaded
    return yield* new EngineUnavailable({
      engine: name,
      reason: `this process already runs on the engine ${loaded.name}`,
      fix: "Load one engine per process"
    })
  }
  const threads = threadsFrom(options)
  const load =
    name === "tensorflow"
      ? loadTensorflow(threads, options.compiled ?? process.env["PIPELINE_KERNELS"] !== "library")
      : name === "webgpu"
        ? loadWebgpu
        : loadWasm
  const info = yield* load
  const { searchScopesForTensors } = yield* Effect.promise(() => import("./search-scopes.ts"))
  searchScopesForTensors()
  loaded = info
  return loaded
})

const loadTensorflow = (threads: number, compiled: boolean) =>
  Effect.promise(() => import("../tensorflow/load-tensorflow.ts")).pipe(
    Effect.flatMap((module) => module.loadTensorflow(threads, compiled)),
    Effect.tap(({ device }) => (device === "gpu" ? checkGpu : Effect.void))
  )

const checkGpu = Effect.gen(function* () {
  const { deviceProblems } = yield* Effect.promise(() => import("./check-device.ts"))
  const problems = deviceProblems()
  if (problems.length === 0) return
  return yield* new EngineUnavailable({
    engine: "tensorflow",
    reason: `on this GPU TensorFlow's kernels do not do what they do on the CPU: ${problems.join("; ")}`,
    fix: "Set PIPELINE_TENSORFLOW=cpu to compute on the CPU"
  })
})

const loadWebgpu = Effect.promise(() => import("../webgpu/load-webgpu.ts")).pipe(
  Effect.flatMap((module) => module.loadWebgpu)
)

const loadWasm = Effect.promise(() => import("../wasm/load-wasm.ts")).pipe(Effect.flatMap((module) => module.loadWasm))
