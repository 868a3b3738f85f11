/** Adds a number to its input, for as many instances in one pass as there are. */
import { appendFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Param from "../../../src/stage/param.ts"
import * as Stage from "../../../src/stage/stage.ts"
import { stageFailed } from "../../../src/stage/stage-failed.ts"
import { Numbers } from "../numbers.ts"
import type { NumbersHandle } from "../numbers.ts"

interface Member {
  readonly params: { readonly plus: number; readonly tally: string; readonly seconds: number }
  readonly inputs: { readonly of: Stage.Opened<NumbersHandle> }
  readonly output: Stage.StageContext<never, never, never>["output"]
}

const pass = (members: ReadonlyArray<Member>) =>
  Effect.gen(function* () {
    const [{ params }] = members as readonly [Member]
    appendFileSync(params.tally, `${members.map((member) => member.params.plus).join(" ")}\n`)
    yield* Effect.sleep(params.seconds * 1000)
    return yield* Effect.forEach(members, ({ params: { plus }, inputs, output }) =>
      Effect.gen(function* () {
        if (plus < 0) return yield* stageFailed(`plus is ${plus}`)
        const sum = inputs.of.value.values.reduce((a, b) => a + b, plus)
        yield* output.writeJson("numbers.json", [sum])
        return { sum }
      })
    )
  })

export default Stage.make("sum-together", {
  summary: "Adds a number to its input",
  params: {
    plus: Param.integer({ description: "what is added; a negative one is refused" }),
    tally: Param.string({ description: "file that gets a line for each pass" }),
    apart: Param.boolean({ default: false, description: "by itself in any case" }),
    seconds: Param.number({ default: 0, description: "time that a pass takes" })
  },
  inputs: { of: Stage.one(Numbers, "numbers") },
  output: Numbers,
  metrics: { sum: { better: "neither", tolerance: 0, description: "the sum" } },
  engine: false,
  isolation: "process",
  runTogether: { group: ({ params, inputs }) => (params.apart ? undefined : JSON.stringify(inputs["of"])), run: pass }
})
