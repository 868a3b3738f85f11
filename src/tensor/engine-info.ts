/** What a tensor engine is to those who ask which one computed. */
import * as Schema from "effect/Schema"

export const engineNames = ["tensorflow", "webgpu", "wasm"] as const
export const EngineName = Schema.Literals(engineNames)
export type EngineName = typeof EngineName.Type

/** What a result's numerics depend on. Two processes with equal `EngineInfo` give equal bytes. */
export const EngineInfo = Schema.Struct({
  name: EngineName,
  /** Version of the library that computes: TensorFlow's, or that of tfjs's back end. */
  version: Schema.String,
  device: Schema.Literals(["cpu", "gpu"]),
  /** Widest vector instruction set in use, such as `x64-avx512-bf16` or `wasm-simd`; the adapter's name for webgpu. */
  isa: Schema.String,
  threads: Schema.Int,
  /** The sparse kernels: operations of our own, those of the engine's library, shaders of our own, or typed arrays. */
  kernels: Schema.Literals(["compiled", "library", "shaders", "portable"])
})
export type EngineInfo = typeof EngineInfo.Type
