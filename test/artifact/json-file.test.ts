import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { readJsonFile } from "../../src/artifact/json-file.ts"
import { folderArtifact, temporaryDirectory } from "./folder-artifact.ts"

it.effect("a JSON file of an artifact is told by the place at which it is no JSON, or does not fit", () =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const read = (text: string) => {
      writeFileSync(join(directory, "config.json"), text)
      return readJsonFile(folderArtifact(directory, "Files"), "config.json", Schema.Struct({ layers: Schema.Int }))
    }
    assert.deepStrictEqual(yield* read('{ "layers": 3 }'), { layers: 3 })
    assert.match(
      (yield* Effect.flip(read('{\n  "layers": 3'))).message,
      /invalid: it is no JSON \(line 2, column 14\)$/
    )
    assert.match((yield* Effect.flip(read('{ "layers": 3.5 }'))).message, /invalid: layers: Expected an integer/)
  })
)
