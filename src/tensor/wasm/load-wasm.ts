/** The engine that is always there: tfjs's WebAssembly back end with SIMD, one thread. */
import { createRequire } from "node:module"
import * as Effect from "effect/Effect"
import type { EngineInfo } from "../engine-info.ts"
import { EngineUnavailable } from "../engine-unavailable.ts"
import { quietly } from "../quietly.ts"
import { registerGradients } from "../register-gradients.ts"
import { replaceWasmProducts } from "./wasm-products.ts"
import { replaceWasmSums } from "./wasm-sums.ts"

export const loadWasm: Effect.Effect<EngineInfo, EngineUnavailable> = Effect.tryPromise({
  try: () =>
    quietly(async (): Promise<EngineInfo> => {
      const tf = await import("@tensorflow/tfjs-core")
      const wasm = await import("@tensorflow/tfjs-backend-wasm")
      wasm.setThreadsCount(1)
      if (!(await tf.setBackend("wasm"))) throw new Error("tfjs could not start its WebAssembly back end")
      replaceWasmProducts()
      replaceWasmSums()
      await registerGradients()
      const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")
      const version: unknown = createRequire(import.meta.url)("@tensorflow/tfjs-backend-wasm/package.json").version
      const isa = simd ? "wasm-simd" : "wasm"
      return { name: "wasm", version: String(version), device: "cpu", isa, threads: 1, kernels: "portable" }
    }),
  catch: (error) =>
    new EngineUnavailable({
      engine: "wasm",
      reason: error instanceof Error ? error.message : String(error),
      fix: "Run `npm ci` again: @tensorflow/tfjs-core and @tensorflow/tfjs-backend-wasm must stand in node_modules"
    })
})
