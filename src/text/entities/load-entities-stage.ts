/** The stage load-entities. */
import * as Effect from "effect/Effect"
import { entitiesFileName } from "../../kinds/entities.ts"
import type { ResolvedSource } from "../../stage/source.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { readRavelFiles } from "./ravel-files.ts"

interface LoadEntitiesParams {
  readonly entity_type: string
  readonly attributes: ReadonlyArray<string> | null
}

export const loadEntitiesStage = Effect.fn("loadEntitiesStage")(function* ({
  sources,
  params,
  output
}: StageContext<LoadEntitiesParams, { readonly source: ResolvedSource }, {}>) {
  const file = yield* readRavelFiles(sources.source, params.entity_type, params.attributes)
  yield* output.writeJson(entitiesFileName, file)
  return { entities: file.entities.length, attributes: Object.keys(file.templates).length }
})
