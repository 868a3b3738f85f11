/**
 * What a run does about its engine before it starts workers: takes the one asked for, and gets tensorflow by itself where
 * the machine can build it, unless that was refused.
 */
import * as Effect from "effect/Effect"
import type { EngineName } from "../engine-info.ts"
import { isOffline } from "../../project/offline.ts"
import { resolveEngine } from "./engine.ts"
import { EngineUnavailable } from "../engine-unavailable.ts"
import { type InstallOptions, installTensorflow } from "../tensorflow/tensorflow-install.ts"
import { installedEngine, tensorflowStatus, wantedVariant } from "../tensorflow/tensorflow-status.ts"
import { webgpuUnavailable } from "../webgpu/adapter.ts"
import { probeAdapter } from "../webgpu/probe-adapter.ts"

export interface EngineDecision {
  readonly engine: EngineName
  /** Said to the user when it is not the fastest engine: why, and what would make it faster. */
  readonly note?: string
}

/** In words; undefined where it may be installed. */
const refusalOfInstall = (): string | undefined =>
  process.env["PIPELINE_ENGINE_INSTALL"] === "never"
    ? "PIPELINE_ENGINE_INSTALL=never"
    : isOffline()
      ? "--offline"
      : undefined

/** Measured against wasm; no GPU that webgpu reaches has been. */
const faster = (than: EngineName): string => {
  if (than === "tensorflow") return "TensorFlow's CUDA build would compute on the GPU"
  return than === "wasm" ? "tensorflow would be several times faster" : `tensorflow would be preferred to ${than}`
}

const howToRefuse = (): string =>
  wantedVariant() === "cuda"
    ? "PIPELINE_ENGINE_INSTALL=never refuses this, PIPELINE_TENSORFLOW=cpu takes the build for CPUs"
    : "PIPELINE_ENGINE_INSTALL=never refuses this"

/**
 * `auto` never fails over tensorflow: what cannot be built is said in `note`, and the run goes on with webgpu or wasm. An
 * engine that was named and cannot be had is an error. `PIPELINE_ENGINE_INSTALL=never` refuses the automatic installation.
 */
export const ensureEngine = Effect.fn("ensureEngine")(function* (
  choice: "auto" | EngineName,
  options: InstallOptions = {}
) {
  const wanted = yield* resolveEngine(choice)
  const named = choice !== "auto" || (process.env["PIPELINE_ENGINE"] ?? "auto") !== "auto"
  if (wanted === "webgpu" && named) {
    const found = yield* probeAdapter
    if (typeof found === "string") return yield* webgpuUnavailable(found)
  }
  const status = yield* tensorflowStatus
  // The build for CPUs is there, and only the one for GPUs is not.
  const there = installedEngine() !== undefined
  if (status.state === "installed" || (named && wanted !== "tensorflow")) return decision(wanted)
  const refusal = refusalOfInstall()
  if (refusal !== undefined) {
    const note = `${faster(wanted)}; \`pipeline engine install\` gets it`
    if (!named || there) return decision(wanted, `${note} (${refusal})`)
    return yield* new EngineUnavailable({
      engine: "tensorflow",
      reason: `it is not installed, and ${refusal}`,
      fix: "Run `pipeline engine install`, or choose the engine wasm"
    })
  }
  if (status.state === "missing" && (!named || there)) {
    const parts = status.missing.map((part) => `${part.what} (${part.fix})`).join("; ")
    return decision(wanted, `${faster(wanted)}, but ${parts}`)
  }
  const install = installTensorflow({
    onProgress: (progress) => {
      const refusal = progress.step === "download" && !named ? `; ${howToRefuse()}` : ""
      options.onProgress?.({ ...progress, message: `engine tensorflow: ${progress.message}${refusal}` })
    }
  }).pipe(Effect.as(decision("tensorflow")))
  if (named && !there) return yield* install
  return yield* install.pipe(Effect.catch((error) => Effect.succeed(decision(wanted, error.message))))
})

const decision = (engine: EngineName, note?: string): EngineDecision =>
  note === undefined ? { engine } : { engine, note }
