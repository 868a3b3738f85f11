/** What another process of this machine has taken so far; undefined where nothing tells. */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"

export interface ProcessUsage {
  /** Resident bytes. */
  readonly bytes: number
  /** Of computing, whatever else the machine does. */
  readonly seconds: number
}

/** Linux counts in these, whatever the kernel's own clock. */
const TICKS_PER_SECOND = 100

const onLinux = (pid: number): ProcessUsage => {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0
  // The name of the program, which may hold anything, stands in the last parentheses; user and system time are behind it.
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return {
    bytes: Number(kilobytes) * 1024,
    seconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  }
}

/** `1-02:03:04.5` */
const secondsOf = (text: string): number =>
  text
    .split(/[-:]/)
    .map(Number)
    .toReversed()
    .reduce((sum, n, i) => sum + n * ([1, 60, 3600, 86_400][i] ?? 0), 0)

const elsewhere = (pid: number): ProcessUsage => {
  const [rss = "0", time = "0"] = execFileSync("ps", ["-o", "rss=,time=", "-p", String(pid)], { encoding: "utf8" })
    .trim()
    .split(/\s+/)
  return { bytes: Number(rss) * 1024, seconds: secondsOf(time) }
}

export const processUsage = (pid: number | undefined): ProcessUsage | undefined => {
  try {
    if (pid === undefined) return undefined
    return process.platform === "linux" ? onLinux(pid) : elsewhere(pid)
  } catch {
    return undefined
  }
}
