/** Entities, their attributes and prompts that ask for them, from RAVEL's JSON files. */
import { Entities } from "../src/kinds/entities.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("load-entities", {
  summary: "Reads entities, what is true of them and prompts that ask for it, in RAVEL's layout",
  sources: {
    source: {
      of: "text",
      default: "builtin:entities",
      description:
        "builtin:entities (cities: country, continent, language), or a folder with ravel_TYPE_entity_attributes.json and ravel_TYPE_attribute_to_prompts.json"
    }
  },
  inputs: {},
  params: {
    entity_type: Param.string({ default: "city", description: "TYPE in the names of the files" }),
    attributes: Param.list(Param.string({ description: "an attribute" }), {
      default: null,
      description: "those that are asked for; null: all that have prompts"
    })
  },
  decode: ({ attributes }) =>
    Stage.decoded(
      undefined,
      attributes !== null && new Set(attributes).size < 2
        ? [{ param: "attributes", problem: "fewer than two are named", remedy: "name two, or leave it out" }]
        : []
    ),
  output: Entities,
  metrics: {
    entities: { better: "neither", tolerance: 0, description: "entities" },
    attributes: { better: "neither", tolerance: 0, description: "attributes of each" }
  },
  engine: false,
  isolation: "pool",
  run: Stage.late(
    () => import("../src/text/entities/load-entities-stage.ts"),
    (module) => module.loadEntitiesStage
  )
})
