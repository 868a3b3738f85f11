/** Counts slowly, with a state that depends on every step, and keeps checkpoints. Blocks its event loop, as engines do. */
import { appendFileSync, existsSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Param from "../../../src/stage/param.ts"
import * as Stage from "../../../src/stage/stage.ts"
import { Numbers } from "../numbers.ts"

export default Stage.make("count", {
  summary: "Counts slowly",
  params: {
    to: Param.integer({ description: "steps" }),
    milliseconds: Param.integer({ description: "time of a step" }),
    gate: Param.string({ default: null, description: "file without which the last step does not end" }),
    tally: Param.string({ description: "file that gets a line for each start" })
  },
  inputs: {},
  output: Numbers,
  metrics: { last: { better: "neither", tolerance: 0, description: "the last state" } },
  engine: false,
  isolation: "process",
  run: ({ params, output, progress, checkpoint, log }) =>
    Effect.gen(function* () {
      const saved = yield* checkpoint.load
      const json = (saved?.json ?? { step: 0 }) as { readonly step: number }
      const state = saved?.tensors["state"] ?? new Int32Array([1])
      appendFileSync(params.tally, `count from ${json.step}\n`)
      log(`from step ${json.step}`)
      for (let step = json.step; step < params.to; step++) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, params.milliseconds)
        state[0] = Math.imul(state[0] as number, 1664525) + 1013904223 + step
        progress({ done: step + 1, total: params.to, unit: "steps", metrics: { state: state[0] as number } })
        if (checkpoint.due()) yield* checkpoint.save({ json: { step: step + 1 }, tensors: { state: state.slice() } })
      }
      while (params.gate !== null && !existsSync(params.gate)) yield* Effect.sleep(20)
      yield* output.writeJson("numbers.json", [state[0]])
      return { last: state[0] as number }
    })
})
