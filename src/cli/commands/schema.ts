/** `pipeline schema`: a JSON Schema of the files, or of `pipeline.config.yaml`, so that an editor completes and checks them. */
import * as Effect from "effect/Effect"
import { configSchema } from "../../config/config-schema.ts"
import type { SchemaInput } from "../flags/flags.ts"
import { projectSchema } from "../experiment/project-schema.ts"
import { projectHere } from "../experiment/project-here.ts"

const filesHere = Effect.flatMap(projectHere(), projectSchema)

export const schema = Effect.fn("schema")(function* (input: SchemaInput) {
  const found = input.config ? configSchema() : yield* filesHere
  process.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
})
