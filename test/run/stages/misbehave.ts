/** Fails in every way that a stage can. */
import { appendFileSync, readFileSync, writeFileSync, writeSync } from "node:fs"
import { spawn } from "node:child_process"
import * as Effect from "effect/Effect"
import * as Param from "../../../src/stage/param.ts"
import { StageFailed, stageFailed } from "../../../src/stage/stage-failed.ts"
import * as Stage from "../../../src/stage/stage.ts"
import { Numbers } from "../numbers.ts"

export default Stage.make("misbehave", {
  summary: "Fails as it is told to",
  params: {
    how: Param.choice(
      [
        "not",
        "fatal",
        "retryable",
        "throw",
        "killed",
        "exit",
        "nan",
        "no-metric",
        "invalid",
        "hang",
        "differs",
        "full",
        "full-thrown",
        "uncaught",
        "heap",
        "nothing",
        "text-metric",
        "reserved"
      ],
      { description: "how it fails" }
    ),
    times: Param.integer({ default: 1000, description: "how many starts fail before one succeeds" }),
    tally: Param.string({ description: "file that gets a line for each start" })
  },
  inputs: { left: Stage.optional(Numbers, "a number") },
  output: Numbers,
  metrics: { value: { better: "neither", tolerance: 0, description: "a number" } },
  engine: false,
  isolation: "pool",
  run: ({ params, output, log }) =>
    Effect.gen(function* () {
      appendFileSync(params.tally, `misbehave ${process.pid}\n`)
      const starts = readFileSync(params.tally, "utf8")
        .split("\n")
        .filter((line) => line.startsWith("misbehave")).length
      const value = params.how === "differs" ? starts : 1
      yield* output.writeJson("numbers.json", params.how === "invalid" ? "no list" : [value])
      log("about to misbehave")
      if (starts <= params.times) {
        switch (params.how) {
          case "fatal":
            return yield* stageFailed("the shape is wrong", "Give it another one.")
          case "retryable":
            return yield* new StageFailed({ problem: "try me again", retryable: true })
          case "throw":
            return yield* Effect.sync((): never => {
              throw new TypeError("undefined is not a tensor")
            })
          case "killed":
            process.kill(process.pid, "SIGKILL")
            break
          case "exit":
            console.error("native library: assertion failed")
            process.exit(134)
            break
          case "nan":
            return { value: Number.NaN }
          case "uncaught":
            setTimeout(() => {
              throw new RangeError("from a timer")
            }, 1)
            yield* Effect.sleep("1 minute")
            break
          case "heap":
            // As V8 says it: past the console.
            writeSync(2, "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n")
            process.abort()
            break
          case "nothing":
            return undefined as never
          case "text-metric":
            return { value: "1" as unknown as number }
          case "reserved":
            yield* output.writeJson("metrics.json", { value: 5 })
            break
          case "no-metric":
            return {} as { readonly value: number }
          case "full":
            yield* output.write("large.bin", new Uint8Array(8 * 1024 * 1024))
            break
          case "full-thrown": {
            const path = yield* output.path("large.bin")
            yield* Effect.sync(() => writeFileSync(path, new Uint8Array(8 * 1024 * 1024)))
            break
          }
          case "hang":
            // A program of its own, as a command stage has: it must go with its worker.
            spawn("sleep", ["600"], { stdio: "ignore" })
            for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
        }
      }
      return { value }
    })
})
