/** What a tensor engine is to those who ask which one computed. */

export const engineNames = ["tensorflow", "webgpu", "wasm"] as const
export type EngineName = (typeof engineNames)[number]

/** What a result's numerics depend on. Two processes with equal `EngineInfo` give equal bytes. */
export interface EngineInfo {
  readonly name: EngineName
  /** Version of the library that computes: TensorFlow's, or that of tfjs's back end. */
  readonly version: string
  readonly device: "cpu" | "gpu"
  /** Widest vector instruction set in use, such as `x64-avx512-bf16` or `wasm-simd`; the adapter's name for webgpu. */
  readonly isa: string
  readonly threads: number
  /** The sparse kernels: operations of our own, those of the engine's library, or typed arrays. */
  readonly kernels: "compiled" | "library" | "portable"
}
