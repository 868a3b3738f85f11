/** A JSON Schema (draft 2020-12) of `executor:`, for editors. */
import * as Schema from "effect/Schema"
import type { JsonSchema } from "./file-schema.ts"
import { ExecutorSettings } from "./executor-settings.ts"

export const executorSchema = (): JsonSchema =>
  Schema.toJsonSchemaDocument(ExecutorSettings, { onExcessProperty: "error" }).schema as JsonSchema
