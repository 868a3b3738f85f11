/** The same as a stage of the head process. */
import * as Effect from "effect/Effect"
import * as Param from "../../../src/stage/param.ts"
import * as Stage from "../../../src/stage/stage.ts"
import { Numbers } from "../numbers.ts"

export default Stage.make("inline-add", {
  summary: "Adds a number in the head process",
  params: { plus: Param.number({ description: "what is added" }) },
  inputs: { left: Stage.one(Numbers, "a number") },
  output: { fromParam: "output" },
  metrics: {},
  engine: false,
  isolation: "inline",
  run: ({ params, inputs, output }) =>
    Effect.gen(function* () {
      yield* output.writeJson("numbers.json", [(inputs.left.value.values[0] as number) + params.plus])
      yield* output.writeJson("pid.json", process.pid > 0)
      return {}
    })
})
