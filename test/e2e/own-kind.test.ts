import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { cli, finished, project, statuses } from "./run-cli.ts"

const kind = (name: string, version = 1) => `
import * as Effect from "effect/Effect"
import { makeKind } from "sae-pipeline/kinds"
import { ArtifactError } from "sae-pipeline/stage"

export const Words = makeKind({
  name: "${name}",
  version: ${version},
  description: "words, one a line",
  open: (artifact) =>
    Effect.flatMap(artifact.readText("words.txt"), (text) =>
      text.includes(" ")
        ? Effect.fail(
            new ArtifactError({ reason: "invalid", digest: artifact.digest, path: "words.txt", detail: "two words in a line" })
          )
        : Effect.succeed(text.trim().split("\\n"))
    )
})
`
const counted = `
import * as Effect from "effect/Effect"
import { Stage } from "sae-pipeline/stage"
import { Words } from "../kinds/word-list.ts"

export default Stage.make("upper-words", {
  summary: "Words in capitals",
  inputs: { words: Stage.one(Words, "the words") },
  params: {},
  output: Words,
  metrics: { words: { better: "neither", tolerance: 0, description: "how many" } },
  engine: false,
  isolation: "pool",
  run: ({ inputs, output }) =>
    Effect.gen(function* () {
      const words = inputs.words.value
      yield* output.write("words.txt", words.join("\\n").toUpperCase() + "\\n")
      return { words: words.length }
    })
})
`
const experiment = (text: string, output = "Words") => `stages:
  words: { uses: command, with: { run: 'printf "${text}" > "$OUTPUT/words.txt"', output: ${output} } }
  upper: { uses: upper-words, with: { words: "\${{ stages.words }}" } }
`

let directory: string
let remove: () => void
beforeEach(() => {
  ;({ directory, remove } = project({
    "x.yaml": experiment("one\\\\ntwo\\\\n"),
    "kinds/word-list.ts": kind("Words"),
    "stages/upper-words.ts": counted,
    "package.json": `{ "type": "module" }`
  }))
})
afterEach(() => remove())
const run = () => cli(["run", "x.yaml", "--json"], { cwd: directory })

describe("an artifact kind of the user's own", () => {
  it("comes out of a command, checked, and goes through a stage of the user's own", async () => {
    const first = await run()
    assert.deepStrictEqual(statuses(first), ["words ran", "upper ran"], first.stderr)
    assert.deepStrictEqual(finished(first).stages[1]?.metrics, { words: 2 })
    assert.deepStrictEqual(statuses(await run()), ["words hit", "upper hit"])
    // What is in the files of an older version has to be made again, though the command is the same.
    writeFileSync(join(directory, "kinds", "word-list.ts"), kind("Words", 2))
    assert.deepStrictEqual(statuses(await run()), ["words ran", "upper ran"])

    writeFileSync(join(directory, "x.yaml"), experiment("one two\\\\n"))
    const refused = await run()
    assert.strictEqual(refused.code, 1)
    assert.match(finished(refused).stages[0]?.problem ?? "", /words\.txt.*two words in a line/)
  })

  it("is told where it is written when there is none of that name, and by its file when that is wrong", async () => {
    writeFileSync(join(directory, "x.yaml"), experiment("one", "Wrods"))
    const unknown = await run()
    assert.strictEqual(unknown.code, 2)
    assert.include(
      unknown.stderr,
      'x.yaml:2:86 stages.words.with.output: there is no artifact kind "Wrods"; did you mean "Words"?'
    )

    writeFileSync(join(directory, "x.yaml"), experiment("one").split("\n").slice(0, 2).join("\n"))
    const told = async (text: string) => {
      writeFileSync(join(directory, "kinds", "word-list.ts"), text)
      return (await run()).stderr
    }
    assert.include(await told(kind("Files")), "word-list.ts: there is an artifact kind Files already")
    assert.include(await told("export const nothing = 1\n"), "word-list.ts: exports no artifact kind made by makeKind")
    rmSync(join(directory, "kinds"), { recursive: true })
    assert.include((await run()).stderr, 'there is no artifact kind "Words"; ')
  })
})
