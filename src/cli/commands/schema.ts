/** `pipeline schema`: a JSON Schema of the files, so that an editor completes and checks them. */
import * as Effect from "effect/Effect"
import { fileSchema } from "../../specification/file-schema.ts"
import { loadStageKinds, stageFiles } from "../../catalog/stage-catalog.ts"
import { projectHere } from "../experiment/project-here.ts"

export const schema = Effect.gen(function* () {
  const project = projectHere()
  const kinds = yield* loadStageKinds(stageFiles(project.stageDirectories))
  process.stdout.write(`${JSON.stringify(fileSchema(kinds), null, 2)}\n`)
})
