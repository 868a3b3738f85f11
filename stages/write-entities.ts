/** What is true of entities, as text to learn by heart. */
import { Entities } from "../src/kinds/entities.ts"
import { Tokens } from "../src/kinds/tokens/tokens.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("write-entities", {
  summary: "Writes each prompt about each entity with its answer, one a context, in a vocabulary of whole words",
  inputs: { entities: Stage.one(Entities, "the entities") },
  params: {
    repeats: Param.integer({ default: 5, minimum: 2, unit: "times", description: "how often each stands there" }),
    seed: Param.integer({ default: 0, description: "of their order" })
  },
  output: Tokens,
  metrics: { contexts: { better: "neither", tolerance: 0, description: "contexts" } },
  engine: false,
  isolation: "pool",
  run: Stage.late(
    () => import("../src/synthetic/write-entities-stage.ts"),
    (module) => module.writeEntitiesStage
  )
})
