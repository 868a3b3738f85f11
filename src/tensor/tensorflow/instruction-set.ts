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

const readCpuinfo = (): string => {
  try {
    return readFileSync("/proc/cpuinfo", "utf8")
  } catch {
    return ""
  }
}

export const instructionSet = (): string => instructionSetFrom(process.arch, readCpuinfo())
