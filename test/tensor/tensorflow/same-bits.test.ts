import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"
import { installedEngine } from "../../../src/tensor/tensorflow/tensorflow-status.ts"

const script = fileURLToPath(new URL("step-digests.ts", import.meta.url))
const digests = (threads: number, env: NodeJS.ProcessEnv): unknown =>
  JSON.parse(
    execFileSync(process.execPath, [script, String(threads)], {
      encoding: "utf8",
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", 2]
    })
  )

// All instruction sets, thread counts and ways to train: bench/same-bits.
it.skipIf(installedEngine() === undefined)(
  "trains to the same bits with one thread and AVX2 alone as with two and all that the CPU has",
  () => {
    expect(digests(1, { ONEDNN_MAX_CPU_ISA: "AVX2" })).toEqual(digests(2, {}))
  },
  120_000
)
