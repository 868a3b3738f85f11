/** Facts to memorise as tokens: a language whose every sentence has an answer that nothing but memory gives. */
import { Tokens } from "../src/kinds/tokens/tokens.ts"
import { makeFacts } from "../src/synthetic/facts.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const count = (value: number, description: string) => Param.integer({ default: value, minimum: 2, description })

export default Stage.make("make-facts", {
  summary: "Gives people of two names an attribute each by chance: FIRST LAST plays ATTRIBUTE, one a context",
  inputs: {},
  params: {
    people: count(1500, "people, where no names are given"),
    first_names: count(120, "first names to draw from"),
    last_names: count(120, "last names to draw from"),
    names: Param.list(Param.string({ description: "FIRST LAST" }), {
      default: null,
      description: "names of your own, two words each; null: drawn"
    }),
    attributes: Param.list(Param.string({ description: "a word" }), {
      default: ["football", "baseball", "basketball"],
      description: "one of these is each one's"
    }),
    repeats: Param.integer({ default: 5, minimum: 2, unit: "times", description: "how often each fact stands there" }),
    seed: Param.integer({ default: 0, description: "of names, attributes and their order" })
  },
  decode: makeFacts,
  output: Tokens,
  metrics: {
    people: { better: "neither", tolerance: 0, description: "people, each a fact" },
    contexts: { better: "neither", tolerance: 0, description: "contexts" }
  },
  engine: false,
  isolation: "pool",
  run: Stage.late(
    () => import("../src/synthetic/facts-stage.ts"),
    (module) => module.factsStage
  )
})
