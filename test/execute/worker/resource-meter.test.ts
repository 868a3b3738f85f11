import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { expect, it } from "vitest"
import { makeResourceMeter } from "../../../src/execute/worker/resource-meter.ts"

/** Works until this process has used so many CPU-seconds more. */
const work = "const s = process.cpuUsage().user; while (process.cpuUsage().user - s < 1e5);"

it("counts the CPU-seconds since the last reading, with those of programs that have ended, and the most memory", () => {
  const read = makeResourceMeter("now")
  const start = process.cpuUsage().user
  while (process.cpuUsage().user - start < 1e5);
  const own = read()
  expect(own.cpuSeconds).toBeGreaterThanOrEqual(0.1)
  const held = new Uint8Array(64e6).fill(1)
  expect(read().peakMemory).toBeGreaterThan(held.length)
  spawnSync(process.execPath, ["-e", work])
  // Elsewhere nobody tells.
  if (existsSync("/proc/self/stat")) expect(read().cpuSeconds).toBeGreaterThanOrEqual(0.1)
})
