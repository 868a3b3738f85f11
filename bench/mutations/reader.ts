/** The child of `main.ts`: reads mutations FROM to TO of a format, and says one line of JSON before and after each. */
import { writeSync } from "node:fs"
import { type FormatName, outsideFormat } from "../../test/mutations/formats.ts"
import { mutation, tryMutation } from "../../test/mutations/try-mutation.ts"

const [name, from, to] = process.argv.slice(2) as [FormatName, string, string]
const format = outsideFormat(name)
const tell = (line: object): void => void writeSync(3, `${JSON.stringify(line)}\n`)

/** Of this process, whatever else the machine does; the reader of Arrow and Parquet has a limit of its own. */
const computing = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}

// What every file of the format loads and keeps is not one file's.
for (const { read, bytes } of format.files) {
  const { runPromiseExit, scoped } = await import("effect/Effect")
  await runPromiseExit(scoped(read(bytes)))
}
for (let number = Number(from); number < Number(to); number++) {
  tell({ number, starts: true })
  const { bytes } = mutation(format, number)
  const before = process.resourceUsage().maxRSS
  const start = process.cpuUsage()
  const tried = await tryMutation(format, number)
  tell({
    number,
    outcome: tried.outcome,
    problem: tried.problem,
    milliseconds: computing(start),
    size: bytes.length,
    grown: (process.resourceUsage().maxRSS - before) * 1024
  })
}
