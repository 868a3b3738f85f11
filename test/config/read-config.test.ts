import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { configSchema } from "../../src/config/config-schema.ts"
import { locateProject } from "../../src/config/locate-project.ts"
import { CONFIG_FILE } from "../../src/config/config.ts"
import { schemaProblems } from "../specification/json-schema-problems.ts"
import { temporaryRoot } from "../store/temporary-root.ts"

const projectWith = (text: string | undefined) =>
  Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(temporaryRoot, "config-"))),
      (made) => Effect.sync(() => rmSync(made, { recursive: true }))
    )
    mkdirSync(join(directory, "experiments"))
    if (text !== undefined) writeFileSync(join(directory, CONFIG_FILE), text)
    const options = { workingDirectory: directory, cache: undefined }
    return { directory, located: yield* Effect.result(locateProject(options)) }
  })

/** `LINE:COL path: message`, one a line. */
const problemsIn = (text: string) =>
  Effect.map(Effect.scoped(projectWith(text)), ({ located }) =>
    located._tag === "Success" ? [] : located.failure.message.split("\n").map((line) => line.replace(/^[^:]*:/, ""))
  )

describe("pipeline.config.yaml", () => {
  it.effect("sets nothing where it is missing, empty, or comments alone", () =>
    Effect.gen(function* () {
      for (const text of [undefined, "", "# cache: elsewhere\n"]) {
        const { directory, located } = yield* projectWith(text)
        assert.strictEqual(located._tag, "Success")
        if (located._tag === "Success") {
          assert.deepStrictEqual(located.success.config, {})
          assert.strictEqual(located.success.cache, join(directory, "cache"))
        }
      }
    })
  )

  it.effect("says where the store is, relative to the project", () =>
    Effect.gen(function* () {
      const { directory, located } = yield* projectWith("cache: ../store\nremote: { url: s3://lab/sae, mode: read }\n")
      assert.strictEqual(located._tag, "Success")
      if (located._tag !== "Success") return
      assert.strictEqual(located.success.cache, join(directory, "..", "store"))
      assert.deepStrictEqual(located.success.config.remote, { url: "s3://lab/sae", mode: "read" })
    })
  )

  it.effect("tells everything that is wrong, where it is written", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* problemsIn("cach: x\nremote:\n  mode: raed\n  regoin: eu\n"), [
        `1:1 cach: unknown key; did you mean "cache"?`,
        `3:3 remote.url: missing`,
        `3:9 remote.mode: expected "read-write" | "read" | "manual", got "raed"; did you mean "read"?`,
        `4:3 remote.regoin: unknown key; did you mean "region"?`
      ])
      assert.deepStrictEqual(yield* problemsIn("cache: 7\nremote: s3://lab\n"), [
        "1:8 cache: expected string, got 7",
        `2:9 remote: expected object, got "s3://lab"`
      ])
      assert.deepStrictEqual(yield* problemsIn("- cache\n"), [`1:1: expected object, got ["cache"]`])
      const [notYaml] = yield* problemsIn("cache: [\n")
      assert.include(notYaml, "not YAML")
    })
  )

  it.effect("takes no credentials, and does not repeat those it is given", () =>
    Effect.gen(function* () {
      const problems = yield* problemsIn("remote: { url: s3://lab, endpoint: 'https://me:hunter2@host' }\n")
      assert.strictEqual(problems.length, 1)
      assert.include(problems[0], "credentials come from the environment alone")
      assert.notInclude(problems[0], "hunter2")
    })
  )

  it("has a JSON Schema that accepts and refuses the same", () => {
    const schema = configSchema()
    assert.deepStrictEqual(JSON.parse(JSON.stringify(schema)), schema)
    assert.deepStrictEqual(
      schemaProblems(schema, schema, { cache: "x", remote: { url: "s3://lab", mode: "read" } }),
      []
    )
    assert.lengthOf(schemaProblems(schema, schema, { cach: "x" }), 1)
    assert.lengthOf(schemaProblems(schema, schema, { remote: { mode: "raed" } }), 2)
  })
})
