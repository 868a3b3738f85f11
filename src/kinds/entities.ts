/**
 * Entities, what is true of them, and prompts that ask for it: what interchange interventions are made between (RAVEL). One file,
 * `entities.json`, of texts, so that any model can be asked.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { readJsonFile } from "../artifact/json-file.ts"

const EntitiesFile = Schema.Struct({
  format: Schema.Literal(1),
  /** What they are: "city". */
  type: Schema.String,
  /** Which models are said to know them, for whoever has one that does not. */
  models: Schema.String,
  /** Every entity has every attribute. */
  entities: Schema.Array(
    Schema.Struct({ name: Schema.String, attributes: Schema.Record(Schema.String, Schema.String) })
  ),
  /** Prompts by attribute; `%s` stands for the entity, and what comes next is the answer. */
  templates: Schema.Record(Schema.String, Schema.Array(Schema.String))
})
export type EntitiesFile = typeof EntitiesFile.Type
export interface EntitiesHandle extends EntitiesFile {
  readonly digest: string
}

export const entitiesFileName = "entities.json"

export const Entities = makeKind({
  name: "Entities",
  version: 1,
  description: "entities with attributes, and prompts that ask for them",
  open: (artifact: Artifact) =>
    Effect.map(readJsonFile(artifact, entitiesFileName, EntitiesFile), (file): EntitiesHandle => ({
      ...file,
      digest: artifact.digest
    }))
})
