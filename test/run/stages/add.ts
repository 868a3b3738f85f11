/** Adds up its inputs. `big` bytes beside the sum make an artifact of several chunks. */
import { appendFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Param from "../../../src/stage/param.ts"
import * as Stage from "../../../src/stage/stage.ts"
import { Numbers } from "../numbers.ts"

export default Stage.make("add", {
  summary: "Adds up its inputs and a number",
  params: {
    plus: Param.number({ default: 0, description: "what is added" }),
    modulo: Param.integer({ default: 0, description: "what the sum is reduced by; 0: not at all" }),
    big: Param.integer({ default: 0, description: "bytes of ballast" }),
    milliseconds: Param.integer({ default: 0, description: "how long it takes" }),
    tally: Param.string({ description: "file that gets a line for each start" }),
    name: Param.string({ default: "add", description: "what that line says" })
  },
  inputs: {
    left: Stage.optional(Numbers, "a number"),
    all: Stage.list(Numbers, "numbers"),
    named: Stage.record("numbers by name")
  },
  output: Numbers,
  metrics: { sum: { better: "higher", tolerance: 0.5, description: "the sum" } },
  engine: false,
  isolation: "pool",
  run: ({ params, inputs, output, log }) =>
    Effect.gen(function* () {
      appendFileSync(params.tally, `${params.name} in ${process.pid}\n`)
      const opened = [...(inputs.left === undefined ? [] : [inputs.left]), ...inputs.all]
      let sum = params.plus
      for (const { value } of opened) for (const x of value.values) sum += x
      for (const value of Object.values(inputs.named).flat()) {
        sum += (JSON.parse(yield* value.artifact.readText("numbers.json")) as ReadonlyArray<number>)[0] as number
      }
      // The whole ballast of what comes in is read, chunk by chunk.
      for (const { artifact } of opened) if (artifact.has("ballast.bin")) yield* artifact.read("ballast.bin")
      yield* Effect.sleep(params.milliseconds)
      if (params.modulo > 0) sum %= params.modulo
      if (params.big > 0) yield* output.write("ballast.bin", new Uint8Array(params.big).fill(7))
      yield* output.writeJson("numbers.json", [sum])
      log(`sum ${sum}`)
      return { sum }
    })
})
