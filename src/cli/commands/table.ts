/** `pipeline table FILE --by width,k`: metrics by the axes of a matrix, by parameters, or by runs; for people, as CSV, as JSON. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { UsageError } from "../experiment/usage-error.ts"
import type { TableInput } from "../flags/flags.ts"
import { chooseColumns } from "../table/choose-columns.ts"
import { makeTable } from "../table/make-table.ts"
import { resultsNow, resultsOfRuns } from "../table/read-results.ts"
import { tableCsv, tableJson, tableNotes, tableText } from "../table/table-text.ts"

const words = (list: Option.Option<string>): ReadonlyArray<string> =>
  Option.match(list, {
    onNone: () => [],
    onSome: (text) => [...new Set(text.split(",").map((word) => word.trim()))].filter((word) => word !== "")
  })

export const table = Effect.fn("table")(function* (input: TableInput) {
  if (input.csv && input.json) return yield* new UsageError({ problem: "--csv and --json: one of them" })
  const experiment = yield* readExperiment(input)
  const reading = Effect.gen(function* () {
    return input.runs ? yield* resultsOfRuns(experiment.name) : yield* resultsNow(experiment)
  })
  const results = yield* withStore(experiment.project, reading)
  if (results.length === 0) {
    return yield* new UsageError({
      problem: `no run of ${experiment.name} has a result in ${experiment.project.cache}`
    })
  }
  const declared = new Map(
    experiment.compiled.graph.instances.map(({ stage, kind }) => [stage, Object.keys(kind.metrics)])
  )
  const request = { by: words(input.by), stages: input.stage, metrics: words(input.metrics) }
  const choice = chooseColumns(results, request, (stage) => declared.get(stage) ?? [])
  if (typeof choice === "string") return yield* new UsageError({ problem: choice })
  const made = makeTable(choice.results, choice.by, choice.columns)
  const text = input.json ? JSON.stringify(tableJson(made)) : input.csv ? tableCsv(made) : tableText(made)
  process.stdout.write(`${text}\n`)
  const absent = new Set(choice.results.filter(({ key }) => key === undefined).map(({ id }) => id))
  const notes = [
    ...tableNotes(made),
    ...(absent.size === 0 ? [] : [`without a result: ${[...absent].join(", ")}; \`pipeline run\` makes it`])
  ]
  for (const note of notes) process.stderr.write(`${note}\n`)
})
