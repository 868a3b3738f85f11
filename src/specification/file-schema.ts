/**
 * A JSON Schema (draft 2020-12) of pipeline and experiment files, made from the stage kinds that exist, so that an
 * editor completes and checks what people write: `pipeline schema > .pipeline.schema.json`.
 */
import * as Schema from "effect/Schema"
import type { Json } from "../json/canonical-json.ts"
import type { Param } from "../stage/param.ts"
import type { Input } from "../stage/input.ts"
import type { Source } from "../stage/source.ts"
import type { StageKind } from "../stage/stage.ts"
import { countedResources, resourceKeys } from "./decode-stages.ts"
import { namePattern } from "./expression.ts"
import { sourceSchemes } from "../project/source-schemes.ts"
import { itemTypes, paramTypes } from "./param-type.ts"

export type JsonSchema = { readonly [key: string]: Json }

const ref = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` })
const orExpression = (...schemas: ReadonlyArray<JsonSchema>): JsonSchema => ({ anyOf: [...schemas, ref("expression")] })
const object = (properties: JsonSchema, required: ReadonlyArray<string> = []): JsonSchema => ({
  type: "object",
  properties,
  ...(required.length === 0 ? {} : { required }),
  additionalProperties: false
})
const mapOf = (values: JsonSchema): JsonSchema => ({ type: "object", additionalProperties: values })
/** Data of JSON Schema, never awaited. */
// oxlint-disable-next-line unicorn/no-thenable
const when = (condition: JsonSchema, consequence: JsonSchema): JsonSchema => ({ if: condition, then: consequence })
const text = (description: string): JsonSchema => ({ type: "string", description })

const paramSchema = (param: Param<unknown>, definitions: Record<string, Json>): JsonSchema => {
  const document = Schema.toJsonSchemaDocument(param.schema as never)
  for (const [name, definition] of Object.entries(document.definitions)) definitions[name] = definition as Json
  const schema = document.schema as JsonSchema
  const isNumber = schema["type"] === "integer" || schema["type"] === "number"
  return {
    description: `${param.description} (${param.type}${param.unit === undefined ? "" : `, ${param.unit}`})`,
    ...(param.default === undefined ? {} : { default: param.default as Json }),
    // To an editor, whose YAML does not know them, grouped digits (400_000) are a string.
    ...(isNumber ? orExpression(schema, ref("grouped-digits")) : orExpression(schema))
  }
}

const inputSchema = (input: Input): JsonSchema => {
  const kind = input.kind?.name ?? "any artifact"
  const description = `${input.description} (${input.shape === "list" ? "list of " : ""}${kind})`
  const list = orExpression({ type: "array", items: ref("expression") })
  switch (input.shape) {
    case "one":
      return { description, ...ref("expression") }
    case "optional":
      return { description, ...orExpression({ type: "null" }) }
    case "list":
      return { description, ...list }
    case "record":
      return { description, ...mapOf(list) }
  }
}

const sourceSchema = (source: Source): JsonSchema => ({
  description: `${source.description} (source)`,
  ...(source.default === undefined ? {} : { default: source.default }),
  ...orExpression(ref("source"))
})

/** What `with:` of a kind may hold. */
const withSchema = (kind: StageKind, definitions: Record<string, Json>): JsonSchema => {
  const inputs = Object.entries(kind.inputs)
  const sources = Object.entries(kind.sources)
  const params = Object.entries(kind.params)
  const required = [
    ...inputs.filter(([, { shape, mayBeLeftOut }]) => (shape === "one" || shape === "list") && mayBeLeftOut !== true),
    ...sources.filter(([, source]) => source.default === undefined),
    ...params.filter(([, param]) => param.default === undefined)
  ].map(([name]) => name)
  return object(
    Object.fromEntries([
      ...inputs.map(([name, input]) => [name, inputSchema(input)] as const),
      ...sources.map(([name, source]) => [name, sourceSchema(source)] as const),
      ...params.map(([name, param]) => [name, paramSchema(param, definitions)] as const)
    ]),
    required
  )
}

const isRequired = (schema: JsonSchema): boolean => Array.isArray(schema["required"])

const size = orExpression({ type: "integer", minimum: 0 }, { type: "string", pattern: "^[0-9]" })

const stageSchema = (kinds: ReadonlyArray<StageKind>, withs: ReadonlyMap<string, JsonSchema>): JsonSchema => ({
  ...object(
    {
      // One wrong word is one message; the words for each are an extension that editors of YAML know.
      uses: { enum: kinds.map(({ name }) => name), enumDescriptions: kinds.map(({ summary }) => summary) },
      description: text("for people"),
      with: { type: "object", description: "parameters, sources and inputs of the stage kind" },
      matrix: {
        type: "object",
        description: "one instance for each combination; ${{ matrix.NAME }} is its value",
        properties: { include: ref("combinations"), exclude: ref("combinations") },
        additionalProperties: orExpression({ type: "array" })
      },
      needs: {
        description: "stages that must be done first, without being an input",
        anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }]
      },
      resources: object(
        Object.fromEntries(
          resourceKeys.map((key) => [
            key,
            countedResources.has(key) ? orExpression({ type: "integer", minimum: 0 }) : size
          ])
        )
      ),
      retries: { description: "of failures that may go away", ...orExpression({ type: "integer", minimum: 0 }) },
      timeout: {
        description: "seconds, or a duration such as 6 hours",
        ...orExpression({ type: "number", exclusiveMinimum: 0 }, { type: "string", pattern: "^[0-9]" })
      },
      temp: {
        description: "true: `pipeline cache gc` may drop its bytes when what needs them is done, and keeps its record",
        ...orExpression({ type: "boolean" })
      }
    },
    ["uses"]
  ),
  allOf: kinds.map(({ name }) =>
    when(
      { properties: { uses: { const: name } }, required: ["uses"] },
      {
        properties: { with: ref(`with-${name}`) },
        ...(isRequired(withs.get(name) as JsonSchema) ? { required: ["with"] } : {})
      }
    )
  )
})

/** An experiment that names the pipeline gives it the parameters that it has. */
const givesParams = ([file, params]: readonly [string, JsonSchema]): JsonSchema =>
  when(
    { required: ["pipeline"], properties: { pipeline: { pattern: `(^|/)${file.replaceAll(".", "\\.")}$` } } },
    { properties: { params }, ...(isRequired(params) ? { required: ["params"] } : {}) }
  )

/**
 * @param executor what `executor:` may hold @default any map
 * @param pipelines name of a pipeline's file -> `params:` of an experiment that names it
 */
export const fileSchema = (
  catalog: Readonly<Record<string, StageKind>>,
  executor: JsonSchema = { type: "object", description: "who runs the jobs, and how" },
  pipelines: ReadonlyMap<string, JsonSchema> = new Map()
): JsonSchema => {
  const kinds = Object.values(catalog).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const definitions: Record<string, Json> = {}
  const withs = new Map(kinds.map((kind) => [kind.name, withSchema(kind, definitions)]))
  const names = { propertyNames: { pattern: namePattern.source } }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "SAE pipeline or experiment",
    description:
      "A pipeline holds typed `params` and `stages`; an experiment names a `pipeline` and sets its `params`.",
    ...object({
      name: text("of the pipeline or the experiment"),
      description: text("for people"),
      pipeline: text("file of the pipeline, relative to this file"),
      params: { type: "object" },
      overrides: { type: "object", description: "as --set: `stages.sae[width=2048].with.k: 24`" },
      executor,
      stages: { type: "object", minProperties: 1, ...names, additionalProperties: ref("stage") }
    }),
    ...(pipelines.size === 0 ? {} : { allOf: [...pipelines].map(givesParams) }),
    ...when({ required: ["pipeline"] }, { not: { required: ["stages"] } }),
    else: { required: ["stages"], properties: { params: { ...mapOf(ref("param")), ...names } } },
    $defs: {
      ...definitions,
      expression: { type: "string", pattern: "\\$\\{\\{" },
      "grouped-digits": { type: "string", pattern: "^[-+]?[0-9]+(_[0-9]+)+$" },
      source: { type: "string", pattern: `^(${sourceSchemes.join("|")}):.` },
      combinations: orExpression({ type: "array", items: { type: "object" } }),
      param: object(
        {
          type: { enum: paramTypes },
          items: { enum: itemTypes },
          choices: { type: "array" },
          default: {},
          description: text("for people"),
          unit: text("tokens, bytes, ...")
        },
        ["type"]
      ),
      stage: stageSchema(kinds, withs),
      ...Object.fromEntries([...withs].map(([name, schema]) => [`with-${name}`, schema]))
    }
  }
}
