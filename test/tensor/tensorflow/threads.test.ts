import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"
import { installedEngine } from "../../../src/tensor/tensorflow/tensorflow-status.ts"

const script = fileURLToPath(new URL("step-digests.ts", import.meta.url))
const digests = (threads: number): unknown =>
  JSON.parse(
    execFileSync(process.execPath, [script, String(threads)], { encoding: "utf8", stdio: ["ignore", "pipe", 2] })
  )

it.skipIf(installedEngine() === undefined)(
  "trains to the same bits with one thread as with two, and again",
  () => {
    const two = digests(2)
    expect(digests(2)).toEqual(two)
    expect(digests(1)).toEqual(two)
  },
  120_000
)
