/**
 * 200 damaged files of each format that comes from outside: each is read, or refused in our own words with the file's name.
 * `bench/mutations` reads 10,000 of each, with limits of time and memory.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { assert, it } from "vitest"
import { formatNames, outsideFormat } from "./formats.ts"
import { tryMutation } from "./try-mutation.ts"

const COUNT = 200

it.each(formatNames)("%s: what is not damaged is read", async (name) => {
  for (const { name: file, bytes, read } of outsideFormat(name).files) {
    const exit = await Effect.runPromiseExit(Effect.scoped(read(bytes)))
    assert.isTrue(Exit.isSuccess(exit), `${file}: ${String(exit)}`)
  }
})

it.each(formatNames)("%s: 200 damaged files are read or refused by name", { timeout: 120_000 }, async (name) => {
  const format = outsideFormat(name)
  const problems: Array<string> = []
  let refused = 0
  for (let number = 0; number < COUNT; number++) {
    const { outcome, problem } = await tryMutation(format, number)
    if (problem !== undefined) problems.push(`${name} ${number}: ${problem}`)
    if (outcome === "refused") refused++
  }
  assert.deepStrictEqual(problems, [])
  assert.isAbove(refused, COUNT / 4)
})
