/** What pipeline and experiment files hold, from the JSON Schema that editors use. */
import type { JsonSchema } from "../../src/specification/file-schema.ts"
import { section, table } from "./markdown.ts"
import type { Page } from "./markdown.ts"

type Schemas = Readonly<Record<string, JsonSchema>>

const properties = (schema: JsonSchema | undefined): Schemas => (schema?.["properties"] ?? {}) as Schemas

/** A type in words: what `$ref` names, the types of `anyOf`, the choices. */
const typeOf = (schema: JsonSchema): string => {
  const { $ref, type, anyOf, enum: choices, items } = schema
  if (typeof $ref === "string") return $ref.replace("#/$defs/", "").replaceAll("-", " ")
  if (Array.isArray(choices)) return choices.join(", ")
  if (type === "array" && items !== undefined) return `list of ${typeOf(items as JsonSchema)}`
  if (Array.isArray(anyOf)) return [...new Set((anyOf as ReadonlyArray<JsonSchema>).map(typeOf))].join(" or ")
  return typeof type === "string" ? (type === "object" ? "map" : type) : "any"
}

const rows = (schema: JsonSchema | undefined) =>
  Object.entries(properties(schema)).map(([name, property]) => [
    name,
    typeOf(property),
    String(property["description"] ?? "")
  ])

export const filePage = (schema: JsonSchema): Page => {
  const definitions = schema["$defs"] as Schemas
  const heads = ["key", "type", "what"]
  const stage = definitions["stage"]
  const files: Page = {
    name: "files",
    title: "Files",
    text:
      "A **pipeline** has typed parameters and stages; an **experiment** names a pipeline and sets its parameters, or holds " +
      "stages itself. An *expression* is a text with `${{ }}` in it. An editor that knows the YAML language server completes " +
      "and checks all of this, stage kinds of the project among it, from the schema that `pipeline schema` prints: " +
      "`pipeline init` writes the line `# yaml-language-server: $schema=...` into its files.\n" +
      section("At the top", table(heads, rows(schema))) +
      section("A parameter, below `params:` of a pipeline", table(heads, rows(definitions["param"]))) +
      section("A stage, below `stages:`", table(heads, rows(stage))) +
      section("`matrix:`", table(heads, rows(properties(stage)["matrix"]))) +
      section("`resources:`", table(heads, rows(properties(stage)["resources"])))
  }
  return files
}
