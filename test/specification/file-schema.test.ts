import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { parse } from "yaml"
import { fileSchema } from "../../src/specification/file-schema.ts"
import { paramsSchema } from "../../src/specification/params-schema.ts"
import { chain } from "../plan/chain.ts"
import { experiment, pipeline } from "../plan/example-files.ts"
import { catalog } from "../plan/fake-kinds.ts"
import { schemaProblems } from "./json-schema-problems.ts"

const schema = fileSchema(catalog)
const problems = (text: string) => schemaProblems(schema, schema, parse(text))

describe("the JSON Schema of the files", () => {
  it("is draft 2020-12, and JSON as it is", () => {
    assert.strictEqual(schema["$schema"], "https://json-schema.org/draft/2020-12/schema")
    assert.deepStrictEqual(JSON.parse(JSON.stringify(schema)), schema)
  })

  it("accepts the example files", () => {
    assert.deepStrictEqual(problems(pipeline.text), [])
    assert.deepStrictEqual(problems(experiment.text), [])
    assert.deepStrictEqual(problems(chain()), [])
  })

  it("refuses what the reader of the files refuses", () => {
    assert.deepStrictEqual(problems("pipelin: x"), [".pipelin: nothing is allowed here", ": lacks stages"])
    assert.deepStrictEqual(problems("{ pipeline: x, stages: { a: { uses: command, with: { run: x } } } }"), [
      ": is what must not be"
    ])
    assert.deepStrictEqual(problems("stages: { a: { uses: load-modl } }"), [
      `.stages.a.uses: is none of ${Object.keys(catalog).toSorted().join(",")}`
    ])
    assert.deepStrictEqual(problems("stages: { a: { uses: train-sae, with: { d_sae: 12.5, kk: 1 } } }"), [
      ".stages.a.with.d_sae: fits no alternative",
      ".stages.a.with: lacks activations",
      ".stages.a.with.kk: nothing is allowed here"
    ])
    assert.deepStrictEqual(problems("stages: { a: { uses: load-model } }"), [".stages.a: lacks with"])
    assert.deepStrictEqual(
      problems("params: { 1x: { type: integr } }\nstages: { a: { uses: command, with: { run: x } } }"),
      [
        ".params.1x.type: is none of string,integer,number,boolean,source,list",
        ".params.1x: does not match ^[A-Za-z_][A-Za-z0-9_-]*$"
      ]
    )
  })

  it("holds the parameters of an experiment against those of the pipeline that it names", () => {
    const params = paramsSchema(pipeline)
    const withPipeline = fileSchema(catalog, undefined, new Map([["sae.yaml", params ?? {}]]))
    const told = (text: string) => schemaProblems(withPipeline, withPipeline, parse(text))
    assert.deepStrictEqual(told(experiment.text), [])
    const wrong = told("{ pipeline: ../pipelines/sae.yaml, params: { widht: 4, tokens: many, text: x } }")
    assert.deepStrictEqual(wrong.toSorted(), [
      ".params.text: does not match ^(builtin|file|gguf|hf|pypi):.",
      ".params.tokens: fits no alternative",
      ".params.widht: nothing is allowed here"
    ])
    assert.deepStrictEqual(told("{ pipeline: other.yaml, params: { widht: 4 } }"), [])
  })

  it("is named by every experiment and pipeline of this project", () => {
    const root = join(import.meta.dirname, "../..")
    const files = globSync("{experiments,pipelines,bench/*}/*.yaml", { cwd: root }).filter(
      (name) => !name.endsWith(".lock.yaml")
    )
    const without = files.filter((name) => {
      const [first = ""] = readFileSync(join(root, name), "utf8").split("\n")
      const named = /^# yaml-language-server: \$schema=(.*)$/.exec(first)?.[1]
      return named === undefined || join(root, name, "..", named) !== join(root, "pipeline.schema.json")
    })
    assert.deepStrictEqual(without, [])
  })

  it("tells an editor what a parameter is: description, type, unit, default", () => {
    const withs = schema["$defs"] as Readonly<
      Record<string, { readonly properties: Readonly<Record<string, unknown>> }>
    >
    assert.deepStrictEqual(withs["with-train-sae"]?.properties["k"], {
      description: "active latents a token (integer >= 1)",
      default: 32,
      anyOf: [
        { type: "integer", minimum: 1, maximum: 9007199254740991 },
        { $ref: "#/$defs/grouped-digits" },
        { $ref: "#/$defs/expression" }
      ]
    })
    assert.deepStrictEqual(withs["with-load-text"]?.properties["tokens"], {
      description: "how many (integer >= 1, tokens)",
      anyOf: [
        { type: "integer", minimum: 1, maximum: 9007199254740991 },
        { $ref: "#/$defs/grouped-digits" },
        { $ref: "#/$defs/expression" }
      ]
    })
    assert.deepStrictEqual(withs["with-evaluate-sae"]?.properties["sae"], {
      description: "the SAE (Sae)",
      $ref: "#/$defs/expression"
    })
  })
})
