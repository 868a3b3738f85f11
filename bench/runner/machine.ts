/** What a figure was measured on, and whether others were at work there. */
import { readFileSync } from "node:fs"
import { cpus, loadavg } from "node:os"

const processor = (): string => {
  const [first] = cpus()
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? ""
  const widest = ["avx512_bf16", "avx512f", "avx2"].find((flag) => flags.includes(` ${flag}`))
  return `${first?.model ?? "unknown CPU"}, ${widest ?? "no AVX2"}, ${cpus().length} cores`
}

/** By the load average of the minute before. */
export const machine = (): string => {
  const [load = 0] = loadavg()
  const busy = load > cpus().length / 2 ? `busy (load ${load.toFixed(1)})` : "quiet"
  return `${processor()}; ${busy} at the start`
}
