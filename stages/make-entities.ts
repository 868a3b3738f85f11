/** Entities whose attributes are drawn by chance: known by heart or not at all. */
import { Entities } from "../src/kinds/entities.ts"
import { attributeNames } from "../src/synthetic/entities.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("make-entities", {
  summary: "Gives entities a value of several attributes each by chance, with prompts that ask for them",
  inputs: {},
  params: {
    entities: Param.integer({ default: 400, minimum: 20, description: "entities" }),
    attributes: Param.integer({
      default: 3,
      minimum: 2,
      maximum: attributeNames.length,
      description: `how many of ${attributeNames.join(", ")}`
    }),
    values: Param.integer({ default: 8, minimum: 2, maximum: 26, description: "values that an attribute can have" }),
    seed: Param.integer({ default: 0, description: "of the attributes" })
  },
  output: Entities,
  metrics: { entities: { better: "neither", tolerance: 0, description: "entities" } },
  engine: false,
  isolation: "pool",
  run: Stage.late(
    () => import("../src/synthetic/make-entities-stage.ts"),
    (module) => module.makeEntitiesStage
  )
})
