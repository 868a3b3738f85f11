/** The child of `main.ts`: reads mutations FROM to TO of a format, and says one line of JSON before and after each. */
import { writeSync } from "node:fs"
import { type FormatName, outsideFormat } from "../../test/mutations/formats.ts"
import { mutation, tryMutation } from "../../test/mutations/try-mutation.ts"

const [name, from, to] = process.argv.slice(2) as [FormatName, string, string]
const format = outsideFormat(name)
const tell = (line: object): void => void writeSync(3, `${JSON.stringify(line)}\n`)

// What every file of the format loads and keeps is not one file's.
for (const { read, bytes } of format.files) {
  const { runPromiseExit, scoped } = await import("effect/Effect")
  await runPromiseExit(scoped(read(bytes)))
}
for (let number = Number(from); number < Number(to); number++) {
  tell({ number, starts: true })
  const { bytes } = mutation(format, number)
  const before = process.resourceUsage().maxRSS
  const start = performance.now()
  const tried = await tryMutation(format, number)
  tell({
    number,
    outcome: tried.outcome,
    problem: tried.problem,
    milliseconds: performance.now() - start,
    size: bytes.length,
    grown: (process.resourceUsage().maxRSS - before) * 1024
  })
}
