/** `pipeline schema`: a JSON Schema of the files, so that an editor completes and checks them. */
import * as Effect from "effect/Effect"
import { fileSchema } from "../spec/file-schema.ts"
import { loadStageKinds, stageFiles } from "../stage/stage-catalog.ts"
import { projectHere } from "./project-here.ts"

export const schema = Effect.gen(function* () {
  const project = projectHere()
  const kinds = yield* loadStageKinds(stageFiles(project.stageDirectories))
  process.stdout.write(`${JSON.stringify(fileSchema(kinds), null, 2)}\n`)
})
