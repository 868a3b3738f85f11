/**
 * RAVEL's layout of entities (Huang et al., 2402.17700; as SAEBench reads it): `ravel_TYPE_entity_attributes.json`, label by attribute by
 * entity, and `ravel_TYPE_attribute_to_prompts.json`, prompts by attribute. Its splits are not read: entities are held out by whoever measures.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { EntitiesFile } from "../../kinds/entities.ts"
import { schemaFault } from "../../json/schema-fault.ts"
import { readSourceFile } from "../../source/read-source.ts"
import type { ResolvedSource } from "../../stage/source.ts"
import { stageFailed } from "../../stage/stage-failed.ts"

const Labels = Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.String))
const Templates = Schema.Record(Schema.String, Schema.Array(Schema.String))

const readFile = <A, I>(source: ResolvedSource, name: string, schema: Schema.Codec<A, I>) =>
  Effect.gen(function* () {
    const file = source.files.find((each) => each.name === name || each.name.endsWith(`/${name}`))
    if (file === undefined) {
      return yield* stageFailed(
        `${source.uri} has no ${name}; it has ${source.files.map((each) => each.name).join(", ")}`,
        "Give the folder of RAVEL's JSON files, and its entity_type."
      )
    }
    const text = new TextDecoder().decode(yield* readSourceFile(source, file))
    return yield* Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(text).pipe(
      Effect.mapError((error) => stageFailed(`${source.uri}: ${name}: ${schemaFault(error)}`, "Give RAVEL's layout."))
    )
  })

/** @param attributes those that are kept; null: all that have prompts */
export const readRavelFiles = Effect.fn("readRavelFiles")(function* (
  source: ResolvedSource,
  type: string,
  attributes: ReadonlyArray<string> | null
) {
  const labels = yield* readFile(source, `ravel_${type}_entity_attributes.json`, Labels)
  const prompts = yield* readFile(source, `ravel_${type}_attribute_to_prompts.json`, Templates)
  const wanted = attributes ?? Object.keys(prompts)
  const templates: Record<string, ReadonlyArray<string>> = {}
  for (const attribute of wanted) {
    const own = prompts[attribute]
    if (own === undefined || own.length === 0) {
      return yield* stageFailed(
        `there are no prompts for ${JSON.stringify(attribute)}`,
        `Name some of ${Object.keys(prompts).join(", ")}.`
      )
    }
    const wrong = own.find((template) => template.split("%s").length !== 2)
    if (wrong !== undefined) {
      return yield* stageFailed(
        `the prompt ${JSON.stringify(wrong)} of ${attribute} has not one %s`,
        "Write %s once in each prompt, where the entity stands."
      )
    }
    templates[attribute] = own
  }
  const entities = Object.entries(labels).map(([name, all]) => ({
    name,
    attributes: Object.fromEntries(wanted.map((attribute) => [attribute, all[attribute] ?? ""]))
  }))
  for (const { name, attributes: own } of entities) {
    const missing = wanted.find((attribute) => own[attribute]?.trim() === "")
    if (missing === undefined) continue
    return yield* stageFailed(`${JSON.stringify(name)} has no ${missing}`, "Give every entity every attribute.")
  }
  const file: EntitiesFile = {
    format: 1,
    type,
    models:
      "RAVEL was published with Llama 2 7B, SAEBench measures it with Gemma 2 2B; SmolLM2-135M-Instruct answers 69 % about builtin:entities right",
    entities,
    templates
  }
  return file
})
