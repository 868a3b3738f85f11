import { expect, it } from "vitest"
import { opsFit } from "../../../src/tensor/tensorflow/compiled-ops.ts"
import {
  hasIntegerDots,
  instructionSetFrom,
  productInstructionSet
} from "../../../src/tensor/tensorflow/instruction-set.ts"

const cpuinfo = (flags: string): string => `processor\t: 0\nflags\t\t: ${flags}\nbugs\t\t:\n`

it("names the widest vector instructions that the CPU lists", () => {
  expect(instructionSetFrom("x64", cpuinfo("sse4_2 avx avx2 fma avx512f avx512bw avx512vl avx512_bf16"))).toBe(
    "x64-avx512-bf16"
  )
  expect(instructionSetFrom("x64", cpuinfo("sse4_2 avx avx2 fma avx512f avx512bw avx512vl"))).toBe("x64-avx512")
  expect(instructionSetFrom("x64", cpuinfo("sse4_2 avx avx2 fma"))).toBe("x64-avx2")
  expect(instructionSetFrom("x64", cpuinfo("sse4_2"))).toBe("x64")
  expect(instructionSetFrom("arm64", "Features\t: fp asimd sve bf16\n")).toBe("arm64-sve")
})

it("takes operations compiled for AVX2 for what every wider x64 CPU can run, and no narrower one", () => {
  if (process.arch !== "x64") return
  expect(["x64-avx2", "x64-avx512", "x64-avx512-bf16", "x64-amx-bf16"].every(opsFit)).toBe(true)
  expect(["x64", "x64-avx", "arm64-neon"].some(opsFit)).toBe(false)
})

it("does not take one flag for a longer one", () => {
  expect(instructionSetFrom("x64", cpuinfo("avx512fp16"))).toBe("x64")
})

it("says only the architecture where the system tells nothing", () => {
  expect(instructionSetFrom("x64", "")).toBe("x64")
  expect(instructionSetFrom("arm64", "")).toBe("arm64-neon")
})

it("is held to what oneDNN may use of it", () => {
  const held = (isa: string, to: string) => productInstructionSet(isa, { ONEDNN_MAX_CPU_ISA: to })
  expect(held("x64-avx512-bf16", "AVX2")).toBe("x64-avx2")
  expect(held("x64-avx512-bf16", "avx512_core")).toBe("x64-avx512")
  expect(held("x64-avx2", "AVX512_CORE")).toBe("x64-avx2")
  expect(held("x64-avx", "SSE41")).toBe("x64")
  for (const to of ["ALL", "DEFAULT", "nonsense", ""]) expect(held("x64-avx512", to)).toBe("x64-avx512")
  expect(held("arm64-neon", "AVX2")).toBe("arm64-neon")
  expect(productInstructionSet("x64-avx512", { DNNL_MAX_CPU_ISA: "AVX2" })).toBe("x64-avx2")
})

it("multiplies integers where the CPU can and oneDNN may", () => {
  const flags = cpuinfo("avx512f avx512bw avx512vl avx512_vnni")
  const held = (to: string) => hasIntegerDots(flags, { ONEDNN_MAX_CPU_ISA: to })
  for (const to of ["AVX2", "AVX2_VNNI", "avx512_core", "SSE41"]) expect(held(to)).toBe(false)
  for (const to of ["AVX512_CORE_VNNI", "AVX512_CORE_AMX", ""]) expect(held(to)).toBe(true)
  expect(hasIntegerDots(cpuinfo("avx512f avx512bw avx512vl"), {})).toBe(false)
})
