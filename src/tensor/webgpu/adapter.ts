/**
 * The GPU of this machine through WebGPU: Dawn (npm package `webgpu`) over Vulkan, Metal or Direct3D 12. A Vulkan driver
 * that computes on the CPU counts as an adapter too, a slow one.
 */
import { EngineUnavailable } from "../engine-unavailable.ts"

export interface Adapter {
  /** As its driver describes it, such as `nvidia ampere NVIDIA A10`. */
  readonly name: string
  /** False: a driver that computes on the CPU. */
  readonly hardware: boolean
  /** Dawn itself. It lives as long as this is held, and the process as long as Dawn. */
  readonly gpu: GPU
}

const describe = ({ vendor, architecture, device, description }: GPUAdapterInfo): string =>
  [vendor, architecture, device, description].filter((part) => part !== "").join(" ")

/** What is told of an adapter, or why there is none. */
export type AdapterFacts = Pick<Adapter, "name" | "hardware"> | string

/** The fastest adapter, or words on why there is none. */
export const findAdapter = async (): Promise<Adapter | string> => {
  const dawn = await import("webgpu").catch((error: unknown) => String(error))
  if (typeof dawn === "string") return `the optional npm package webgpu cannot be loaded (${dawn})`
  Object.assign(globalThis, dawn.globals)
  const gpu = dawn.create([])
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" })
  if (adapter === null) return "no driver offers a GPU (Vulkan on Linux, Metal on macOS, Direct3D 12 on Windows)"
  return { name: describe(adapter.info), hardware: !adapter.info.isFallbackAdapter, gpu }
}

export const webgpuUnavailable = (reason: string): EngineUnavailable =>
  new EngineUnavailable({
    engine: "webgpu",
    reason,
    fix: "Install the GPU's driver and the Vulkan loader (libvulkan1 on Debian), or choose the engine tensorflow or wasm"
  })
