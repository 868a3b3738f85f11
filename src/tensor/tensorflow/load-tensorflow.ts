/**
 * Makes the built TensorFlow the tfjs back end of this process. The package's own entry point looks for its binding only
 * inside node_modules, which `npm ci` empties; so the JavaScript half is registered here with the binding from the
 * per-user folder, and nothing has to be put into node_modules at all.
 */
import { createRequire } from "node:module"
import * as Effect from "effect/Effect"
import { BINDING_PACKAGE } from "./tensorflow-recipe.ts"
import { nodeRequire } from "./binding-package.ts"
import { loadCompiledOps } from "./compiled-ops.ts"
import type { EngineInfo } from "../engine-info.ts"
import { EngineUnavailable } from "../engine-unavailable.ts"
import { hasNvidiaDriver, installedCudaLibraries } from "./cuda-libraries.ts"
import { hasIntegerDots, instructionSet, productInstructionSet, readCpuinfo } from "./instruction-set.ts"
import { quietly } from "../quietly.ts"
import { type InstalledEngine, installedEngine } from "./tensorflow-status.ts"
import type { KernelBackend } from "@tensorflow/tfjs-core"

interface Binding {
  readonly TF_Version: string
  readonly isUsingGpuDevice: () => boolean
}

interface BackendModule {
  readonly NodeJSKernelBackend: new (binding: Binding, packageName: string) => KernelBackend
}

/**
 * Read by TensorFlow when its library is loaded, so set before. Threads are pinned because the split of a sum over
 * threads decides its rounding; TF32 would halve the precision of what claims to be f32. TensorFlow multiplies by oneDNN
 * unasked only on CPUs with AVX-512 VNNI; on those with AVX2 alone its other product takes more than twice as long.
 */
const setEnvironment = (threads: number): void => {
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "3"
  process.env["TF_FORCE_GPU_ALLOW_GROWTH"] ??= "true"
  process.env["NVIDIA_TF32_OVERRIDE"] ??= "0"
  process.env["TF_DETERMINISTIC_OPS"] = "1"
  process.env["TF_ENABLE_ONEDNN_OPTS"] = "1"
  process.env["TF_NUM_INTRAOP_THREADS"] = String(threads)
  process.env["TF_NUM_INTEROP_THREADS"] = "1"
  process.env["OMP_NUM_THREADS"] = String(threads)
}

/** The binding calls two functions that Node deprecated in 22 and removed in 23. */
const restoreRemovedFunctions = (): void => {
  const util = createRequire(import.meta.url)("node:util") as Record<string, unknown>
  util["isNullOrUndefined"] = (value: unknown) => value === null || value === undefined
  util["isArray"] = Array.isArray
}

const usesCuda = ({ variant }: InstalledEngine): boolean =>
  variant === "cuda" && hasNvidiaDriver() && process.env["CUDA_VISIBLE_DEVICES"] !== ""

const wasGivenGpu = (engine: InstalledEngine): boolean =>
  usesCuda(engine) && process.env["CUDA_VISIBLE_DEVICES"] !== undefined

/** TensorFlow opens the CUDA libraries by name, and silently does without the GPU where it does not find them. */
const openCudaLibraries = (engine: InstalledEngine): void => {
  if (!usesCuda(engine)) return
  const libraries = installedCudaLibraries()
  if (libraries === undefined) throw new Error("its CUDA libraries are not there: `pipeline engine install` gets them")
  const { open } = nodeRequire(engine.preload) as { readonly open: (path: string) => string | undefined }
  for (const library of libraries) {
    const problem = open(library)
    if (problem !== undefined) throw new Error(`${library}: ${problem}`)
  }
}

const start = async (engine: InstalledEngine, threads: number, compiled: boolean): Promise<EngineInfo> => {
  setEnvironment(threads)
  restoreRemovedFunctions()
  const tf = await import("@tensorflow/tfjs-core")
  openCudaLibraries(engine)
  nodeRequire(engine.quiet)
  const binding = nodeRequire(engine.addon) as Binding
  const { NodeJSKernelBackend } = nodeRequire(`${BINDING_PACKAGE}/dist/nodejs_kernel_backend.js`) as BackendModule
  nodeRequire(`${BINDING_PACKAGE}/dist/register_all_kernels.js`)
  tf.registerBackend("tensorflow", () => new NodeJSKernelBackend(binding, BINDING_PACKAGE), 3)
  if (!(await tf.setBackend("tensorflow"))) throw new Error("tfjs could not start its TensorFlow back end")
  const device = binding.isUsingGpuDevice() ? "gpu" : "cpu"
  if (device === "cpu" && wasGivenGpu(engine)) {
    throw new Error("it was given a GPU and found none; TF_CPP_MIN_LOG_LEVEL=0 shows why in the stage's log")
  }
  const isa = instructionSet()
  const products = productInstructionSet(isa, process.env)
  const integers = hasIntegerDots(readCpuinfo(), process.env)
  const own = compiled && device === "cpu" && loadCompiledOps(engine.operations, isa, products, integers)
  return {
    name: "tensorflow",
    version: binding.TF_Version,
    device,
    isa: products,
    threads,
    kernels: own ? "compiled" : "library"
  }
}

export const loadTensorflow = Effect.fn("loadTensorflow")(function* (threads: number, compiled: boolean) {
  const engine = installedEngine()
  if (engine === undefined) {
    return yield* new EngineUnavailable({
      engine: "tensorflow",
      reason: "it is not installed for this user",
      fix: "Run `pipeline engine install`, or `pipeline doctor` to see what that needs"
    })
  }
  return yield* Effect.tryPromise({
    try: () => quietly(() => start(engine, threads, compiled)),
    catch: (error) =>
      new EngineUnavailable({
        engine: "tensorflow",
        reason: `${engine.folder} could not be loaded: ${error instanceof Error ? error.message : String(error)}`,
        fix: `Delete that folder and run \`pipeline engine install\``
      })
  })
})
