/** The stage make-entities. */
import * as Effect from "effect/Effect"
import { entitiesFileName } from "../kinds/entities.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { type EntitiesOptions, makeEntities } from "./entities.ts"

export const makeEntitiesStage = Effect.fn("makeEntitiesStage")(function* ({
  params,
  output
}: StageContext<EntitiesOptions, unknown, {}>) {
  yield* output.writeJson(entitiesFileName, makeEntities(params))
  return { entities: params.entities }
})
