/** Sentences with an indirect object as tokens: a language in which a model learns who gets what. */
import { Tokens } from "../src/kinds/tokens/tokens.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("make-ioi-sentences", {
  summary: "Writes sentences with an indirect object, one a context after a token that begins it, a word a token",
  inputs: {},
  params: {
    sentences: Param.integer({ default: 20_000, minimum: 1, unit: "sentences", description: "sentences" }),
    seed: Param.integer({ default: 0, description: "of the names and words" })
  },
  output: Tokens,
  metrics: {
    sentences: { better: "neither", tolerance: 0, description: "sentences: contexts" },
    tokens: { better: "neither", tolerance: 0, description: "token ids" },
    vocabulary: { better: "neither", tolerance: 0, description: "different words" }
  },
  engine: false,
  isolation: "pool",
  run: Stage.late(
    () => import("../src/text/ioi/ioi-sentences-stage.ts"),
    (module) => module.ioiSentencesStage
  )
})
