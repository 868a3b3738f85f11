/**
 * The widest vector instruction set of this CPU, as a short name for provenance records: matrix products of different
 * instruction sets round differently.
 */
import { readFileSync } from "node:fs"

/** Best first. The second column is what the kernel lists in /proc/cpuinfo. */
const x64Levels = [
  ["x64-amx-bf16", ["amx_bf16"]],
  ["x64-avx512-bf16", ["avx512_bf16"]],
  ["x64-avx512", ["avx512f", "avx512bw", "avx512vl"]],
  ["x64-avx2", ["avx2", "fma"]],
  ["x64-avx", ["avx"]]
] as const

const flagsOf = (cpuinfo: string): ReadonlySet<string> => {
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1] ?? ""
  return new Set(line.trim().split(/\s+/))
}

/** `cpuinfo` is the text of /proc/cpuinfo, empty where there is none. */
export const instructionSetFrom = (arch: string, cpuinfo: string): string => {
  const flags = flagsOf(cpuinfo)
  if (arch === "x64") return x64Levels.find(([, needed]) => needed.every((flag) => flags.has(flag)))?.[0] ?? "x64"
  if (arch === "arm64") return flags.has("sve") ? "arm64-sve" : "arm64-neon"
  return arch
}

/** What `ONEDNN_MAX_CPU_ISA` (before oneDNN 3: `DNNL_MAX_CPU_ISA`) allows at most, in our names. Others of its values limit nothing. */
const allowed: Readonly<Record<string, (typeof x64Levels)[number][0] | "x64">> = {
  SSE41: "x64",
  AVX: "x64-avx",
  AVX2: "x64-avx2",
  AVX2_VNNI: "x64-avx2",
  AVX2_VNNI_2: "x64-avx2",
  AVX512_CORE: "x64-avx512",
  AVX512_CORE_VNNI: "x64-avx512",
  AVX512_CORE_BF16: "x64-avx512-bf16",
  AVX512_CORE_FP16: "x64-avx512-bf16"
}

/** What the environment holds oneDNN to, as it is when TensorFlow is loaded. */
const limitOf = (env: NodeJS.ProcessEnv): string =>
  (env["ONEDNN_MAX_CPU_ISA"] ?? env["DNNL_MAX_CPU_ISA"] ?? "").toUpperCase()

/**
 * What TensorFlow's products use of `isa`, which the CPU has: oneDNN, which computes them, can be held to less.
 *
 * @param env as it is when TensorFlow is loaded
 */
export const productInstructionSet = (isa: string, env: NodeJS.ProcessEnv): string => {
  const limit = allowed[limitOf(env)]
  const order: ReadonlyArray<string> = [...x64Levels.map(([name]) => name), "x64"]
  return limit !== undefined && order.includes(isa) && order.indexOf(limit) > order.indexOf(isa) ? limit : isa
}

/** Whether dot products of integers of 8 and 16 bits may be used that are one instruction on wide vectors (AVX-512 VNNI). */
export const hasIntegerDots = (cpuinfo: string, env: NodeJS.ProcessEnv): boolean => {
  const [limit, flags] = [limitOf(env), flagsOf(cpuinfo)]
  const withheld = limit in allowed && !limit.startsWith("AVX512_CORE_")
  return !withheld && ["avx512_vnni", "avx512vl", "avx512bw"].every((flag) => flags.has(flag))
}

export const readCpuinfo = (): string => {
  try {
    return readFileSync("/proc/cpuinfo", "utf8")
  } catch {
    return ""
  }
}

export const instructionSet = (): string => instructionSetFrom(process.arch, readCpuinfo())
