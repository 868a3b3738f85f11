import { spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import type { RunEvent, RunFinished } from "../../src/run/event.ts"
import type { StageSpec } from "./experiment.ts"
import { tallyOf } from "./experiment.ts"
import { temporaryCache } from "./temporary-cache.ts"

const place = temporaryCache()

/** A head process of its own, to its end. */
const runToEnd = async (specs: ReadonlyArray<StageSpec>): Promise<RunFinished> => {
  const head = spawn(process.execPath, [join(import.meta.dirname, "head.ts"), place.cache, JSON.stringify(specs)], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  let text = ""
  head.stdout.on("data", (chunk: Buffer) => void (text += chunk.toString()))
  await once(head, "close")
  return JSON.parse(text.trimEnd().split("\n").at(-1) ?? "") as RunEvent as RunFinished
}

it("four runs at once compute each key once, and all get its result", async () => {
  const add = (id: string, plus: number, inputs: StageSpec["inputs"] = {}): StageSpec => ({
    id,
    kind: "add",
    params: { plus, tally: place.tally },
    inputs
  })
  const all = [1, 2, 3].map((i) => add(`s${i}`, i))
  const specs = [...all, add("sum", 0, { all: all.map(({ id }) => id) })]
  const runs = await Promise.all([1, 2, 3, 4].map(() => runToEnd(specs)))
  expect(tallyOf(place.tally)).toHaveLength(specs.length)
  for (const { id } of specs) {
    const outcomes = runs.map(({ stages }) => stages.find((stage) => stage.id === id))
    expect(outcomes.map((outcome) => outcome?.status).toSorted()).toEqual(["hit", "hit", "hit", "ran"])
    expect(new Set(outcomes.map((outcome) => outcome?.digest)).size).toBe(1)
  }
  const records = readdirSync(join(place.cache, "actions"), { recursive: true, withFileTypes: true })
  for (const record of records.filter((entry) => entry.isFile())) {
    expect(readFileSync(join(record.parentPath, record.name), "utf8")).toContain('"nondeterministic":false')
  }
})
