/** What this process has used: CPU-seconds, and the most memory that it held. */
import { readFileSync, writeFileSync } from "node:fs"
import type { ResourceUse } from "../job.ts"

/** Fields 16 and 17 of /proc/self/stat count in these, on every Linux that Node runs on (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    // Another system than Linux.
    return ""
  }
}

/** Of programs that this process has started and that have ended. */
const childrenSeconds = (): number => {
  const stat = read("/proc/self/stat")
  // The name, in brackets, may hold anything: fields are counted from its end, which is that of the second.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) / TICKS_PER_SECOND || 0
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6 + childrenSeconds()
}

/** Not `maxRSS` where there is another: on Linux it begins with what the process had that started this one. */
const peakMemory = (): number => {
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(read("/proc/self/status"))?.[1]
  return (kilobytes === undefined ? process.resourceUsage().maxRSS : Number(kilobytes)) * 1024
}

/**
 * From now on the peak is that of what follows; where the system does not allow it, that of the process. It is also what whoever
 * waits for this process is told at its end, so only a worker that begins another job does this.
 */
export const forgetPeak = (): void => {
  try {
    writeFileSync("/proc/self/clear_refs", "5")
  } catch {
    // See above.
  }
}

/**
 * Each reading gives the CPU-seconds since the one before, and the peak.
 * @param since what the first one counts from; a process that was started for a stage cost the stage its start, too
 */
export const makeResourceMeter = (since: "now" | "the start of the process"): (() => ResourceUse) => {
  let before = since === "now" ? cpuSeconds() : 0
  return () => {
    const now = cpuSeconds()
    const use = { cpuSeconds: Math.max(0, now - before), peakMemory: peakMemory() }
    before = now
    return use
  }
}
