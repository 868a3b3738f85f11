import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { run, RunFailed } from "../../src/api/run.ts"
import { project } from "../e2e/run-cli.ts"

const pipeline = `params:
  word: { type: string, default: one }
stages:
  say: { uses: command, with: { run: 'printf "%s" "$VALUE_word" > "$OUTPUT/word"; echo "{\\"length\\": \${#VALUE_word}}" > "$OUTPUT/metrics.json"', values: { word: "\${{ params.word }}" } } }
  fail: { uses: command, with: { run: 'echo not today >&2; exit 3' } }
`

let directory: string
let remove: () => void
beforeEach(() => {
  ;({ directory, remove } = project({ "pipelines/x.yaml": pipeline }))
})
afterEach(() => remove())

const start = (options: Parameters<typeof run>[1]) => run(join(directory, "pipelines/x.yaml"), options)

describe("run from a program", { timeout: 200_000 }, () => {
  it("gives every stage's status and metrics, and takes the flags of the command line", async () => {
    const events: Array<string> = []
    const say = (word: string) =>
      Effect.runPromise(start({ until: ["say"], set: { word }, onEvent: ({ type }) => events.push(type) }))
    const first = await say("1e3")
    assert.deepStrictEqual(
      first.stages.map(({ id, status, metrics }) => ({ id, status, length: metrics["length"] })),
      [{ id: "say", status: "ran", length: 3 }],
      "a text that looks like a number stays a text"
    )
    assert.include(events, "stage-finished")
    assert.strictEqual((await say("1e3")).stages[0]?.status, "hit")
    assert.strictEqual((await say("three")).stages[0]?.metrics["length"], 5)
  })

  it("fails with the first stage that failed, and the end of its log", async () => {
    const failure = await Effect.runPromise(Effect.flip(start({ until: ["fail"] })))
    if (!(failure instanceof RunFailed)) throw failure
    assert.strictEqual(failure.cause.id, "fail")
    assert.include(failure.message, "not today")
    assert.deepStrictEqual(
      failure.result.stages.map(({ id, status }) => `${id} ${status}`),
      ["fail failed"]
    )
  })

  it("fails with all that is wrong in the files", async () => {
    const failure = await Effect.runPromise(Effect.flip(start({ set: { wrod: "x" } })))
    assert.strictEqual(failure._tag, "SpecInvalid")
    assert.include(failure.message, "wrod")
  })
})
