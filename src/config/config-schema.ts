/** A JSON Schema (draft 2020-12) of `pipeline.config.yaml`, for editors. */
import * as Schema from "effect/Schema"
import type { JsonSchema } from "../specification/file-schema.ts"
import { Config } from "./config.ts"

export const configSchema = (): JsonSchema => ({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Configuration of a project",
  ...(Schema.toJsonSchemaDocument(Config, { onExcessProperty: "error" }).schema as JsonSchema)
})
