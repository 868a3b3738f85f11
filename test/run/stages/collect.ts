/** Collects numbers, as many as there are: what it lacks is in what it writes. */
import * as Effect from "effect/Effect"
import * as Stage from "../../../src/stage/stage.ts"
import { Numbers } from "../numbers.ts"

export default Stage.make("collect", {
  summary: "Adds up the numbers that are there",
  params: {},
  inputs: {
    first: Stage.some(Numbers, "one has to be there"),
    rest: Stage.parts(Numbers, "what may be missing"),
    named: Stage.namedParts("what may be missing, by name")
  },
  output: Numbers,
  metrics: { items: { better: "neither", tolerance: 0, description: "how many there were" } },
  engine: false,
  isolation: "pool",
  run: ({ inputs, leftOut, output }) =>
    Effect.gen(function* () {
      const all = [...inputs.first, ...inputs.rest]
      yield* output.writeJson("numbers.json", [all.length])
      yield* output.writeJson("left-out.json", leftOut)
      return { items: all.length }
    })
})
