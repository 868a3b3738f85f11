/** `pipeline schema`: a JSON Schema of the files, so that an editor completes and checks them. */
import * as Effect from "effect/Effect"
import { locateProject } from "../project/project.ts"
import { fileSchema } from "../spec/file-schema.ts"
import { loadStageKinds, stageFiles } from "../stage/stage-catalog.ts"

export const schema = Effect.gen(function* () {
  const project = locateProject({ experimentFile: undefined, workingDirectory: process.cwd(), cache: undefined })
  const kinds = yield* loadStageKinds(stageFiles(project.stageDirectories))
  process.stdout.write(`${JSON.stringify(fileSchema(kinds), null, 2)}\n`)
})
