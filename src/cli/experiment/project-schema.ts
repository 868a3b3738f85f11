/** The JSON Schema of a project's files: its stage kinds, its pipelines, what may execute them. */
import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import * as Effect from "effect/Effect"
import { loadStageKinds, stageFiles } from "../../catalog/stage-catalog.ts"
import { executorSchema } from "../../specification/executor-schema.ts"
import type { Project } from "../../config/locate-project.ts"
import { fileSchema } from "../../specification/file-schema.ts"
import type { JsonSchema } from "../../specification/file-schema.ts"
import { paramsSchema } from "../../specification/params-schema.ts"

/** Files of `pipelines/` by name; what is no pipeline is left out, since the schema is wanted while files are being written. */
const pipelinesOf = (directory: string): ReadonlyMap<string, JsonSchema> => {
  const folder = join(directory, "pipelines")
  const found = new Map<string, JsonSchema>()
  try {
    for (const name of readdirSync(folder).toSorted()) {
      if (!/\.ya?ml$/.test(name)) continue
      const path = join(folder, name)
      const params = paramsSchema({ file: relative(directory, path), text: readFileSync(path, "utf8") })
      if (params !== undefined) found.set(name, params)
    }
  } catch {
    // There is no such folder, or it cannot be read.
  }
  return found
}

export const projectSchema = (project: Project) =>
  Effect.map(loadStageKinds(stageFiles(project.stageDirectories)), (kinds) =>
    fileSchema(kinds, executorSchema(), pipelinesOf(project.directory))
  )
