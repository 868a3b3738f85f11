/** The `params:` that an experiment may give to a pipeline, as a JSON Schema. */
import type { Json } from "../json/canonical-json.ts"
import type { ParamDeclaration } from "./declaration.ts"
import { decodeParams } from "./decode-params.ts"
import type { JsonSchema } from "./file-schema.ts"
import type { ItemType } from "./param-type.ts"
import { toJson } from "./node.ts"
import { readYaml } from "./read-yaml.ts"
import type { SourceText } from "./specification.ts"

/** To an editor, whose YAML does not know them, grouped digits (400_000) are a string. */
const numberOf = (type: "integer" | "number"): JsonSchema => ({ anyOf: [{ type }, { $ref: "#/$defs/grouped-digits" }] })

const itemSchema = (type: ItemType): JsonSchema => {
  switch (type) {
    case "integer":
    case "number":
      return numberOf(type)
    case "source":
      return { $ref: "#/$defs/source" }
    default:
      return { type }
  }
}

const paramSchema = (declared: ParamDeclaration): JsonSchema => {
  const { type, items, choices, unit, description } = declared
  const preset = declared.default === undefined ? undefined : toJson(declared.default)
  const one: JsonSchema | undefined =
    choices === undefined
      ? type === "list"
        ? items && itemSchema(items)
        : itemSchema(type)
      : { enum: choices.items.map(toJson) }
  const value: JsonSchema =
    type === "list" ? { type: "array", ...(one === undefined ? {} : { items: one }) } : (one ?? {})
  const kind = type === "list" && items !== undefined ? `list of ${items}` : type
  return {
    description: `${description === undefined ? "" : `${description} `}(${kind}${unit === undefined ? "" : `, ${unit}`})`,
    ...(preset === undefined ? {} : { default: preset }),
    ...(preset === null ? { anyOf: [value, { type: "null" }] } : value)
  }
}

/** Undefined where the file is no pipeline that can be read. */
export const paramsSchema = ({ file, text }: SourceText): JsonSchema | undefined => {
  const { node, problems } = readYaml(file, text)
  if (problems.length > 0 || node?.type !== "map" || !node.entries.has("stages")) return undefined
  const declarations = [...decodeParams(node.entries.get("params"), [])]
  const properties: Record<string, Json> = {}
  for (const [name, declared] of declarations) properties[name] = declared === undefined ? {} : paramSchema(declared)
  const required = declarations.flatMap(([name, declared]) =>
    declared !== undefined && declared.default === undefined ? [name] : []
  )
  return { type: "object", properties, additionalProperties: false, ...(required.length === 0 ? {} : { required }) }
}
