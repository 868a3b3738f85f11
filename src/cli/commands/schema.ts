/** `pipeline schema`: a JSON Schema of the files, or of `pipeline.config.yaml`, so that an editor completes and checks them. */
import * as Effect from "effect/Effect"
import { fileSchema } from "../../specification/file-schema.ts"
import { loadStageKinds, stageFiles } from "../../catalog/stage-catalog.ts"
import { executorSchema } from "../../execute/settings/executor-schema.ts"
import { configSchema } from "../../project/config/config-schema.ts"
import type { SchemaInput } from "../flags/flags.ts"
import { projectHere } from "../experiment/project-here.ts"

const filesHere = Effect.gen(function* () {
  const project = yield* projectHere()
  const kinds = yield* loadStageKinds(stageFiles(project.stageDirectories))
  return fileSchema(kinds, executorSchema())
})

export const schema = Effect.fn("schema")(function* (input: SchemaInput) {
  const found = input.config ? configSchema() : yield* filesHere
  process.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
})
