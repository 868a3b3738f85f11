import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import * as Schema from "effect/Schema"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { openFileIndex } from "../../src/file/file-index.ts"
import { sealJson, unsealJson } from "../../src/file/sealed-json.ts"
import { temporaryRoot } from "../store/temporary-root.ts"

let folder = ""
beforeEach(() => {
  folder = mkdtempSync(join(temporaryRoot, "index-test-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** The value of "name", and whether it had to be computed. No file is younger than the entry: nothing is racy. */
const ask = async (): Promise<readonly [string, boolean]> => {
  const index = await openFileIndex(join(folder, "index.json"), "1")
  let computed = false
  const value = await index.get("name", Schema.String, async () => {
    computed = true
    return { value: "computed", files: [] }
  })
  await index.save()
  return [value, computed]
}

describe("the index of what was computed from files", () => {
  it("gives what it has, as long as it is of the type that is asked for", async () => {
    expect(await ask()).toEqual(["computed", true])
    expect(await ask()).toEqual(["computed", false])
    const text = await readFile(join(folder, "index.json"), "utf8")
    for (const damaged of [
      text.replace('"computed"', '"computee"'),
      sealJson((unsealJson(text) as string).replace('"computed"', "7")),
      sealJson((unsealJson(text) as string).replace('"files":{}', '"files":[0]')),
      "null",
      "{",
      ""
    ]) {
      expect(damaged).not.toBe(text)
      writeFileSync(join(folder, "index.json"), damaged)
      expect(await ask()).toEqual(["computed", true])
    }
  })
})
