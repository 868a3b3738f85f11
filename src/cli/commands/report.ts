/** `pipeline report FILE`: the experiment's report page, with the graph, times and cache hits of its latest run around it. */
import { resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Report, reportFileName } from "../../kinds/report.ts"
import { runReport } from "../../report/run-report.ts"
import { RunSummary } from "../../report/page/run-summary.ts"
import { writeAtomic } from "../../file/atomic-write.ts"
import { Store } from "../../store/store.ts"
import type { ReportInput } from "../flags/flags.ts"
import { sayWhenSlow } from "../render/say-when-slow.ts"
import { planExperiment, readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { UsageError } from "../experiment/usage-error.ts"
import { readEvents } from "../experiment/read-events.ts"
import { formatBytes } from "../render/words.ts"
import { openInBrowser } from "../experiment/open-in-browser.ts"
import { reportPath } from "../render/what-next.ts"

/** What an older version or a damaged disk left is no summary. */
const decodeSummary = Schema.decodeUnknownOption(RunSummary)

/** The latest run of the experiment that has ended. */
const latestRun = Effect.fn("latestRun")(function* (experiment: string) {
  const store = yield* Store
  for (const run of yield* store.runs) {
    if (run.experiment !== experiment) continue
    const last = (yield* readEvents(run)).at(-1)
    const summary = last?.type === "run-finished" ? decodeSummary(last satisfies RunSummary) : Option.none()
    if (Option.isSome(summary)) return summary.value
  }
  return undefined
})

export const report = Effect.fn("report")(function* (input: ReportInput) {
  const experiment = yield* readExperiment(input).pipe(sayWhenSlow(`reading ${input.file}`))
  yield* withStore(
    experiment.project,
    Effect.gen(function* () {
      const { plan } = yield* planExperiment(experiment).pipe(sayWhenSlow(`planning ${input.file}`))
      const store = yield* Store
      const made = plan.stages.find(({ instance, found }) => instance.output === Report.name && found !== undefined)
      const page =
        made?.found === undefined
          ? undefined
          : yield* store
              .artifact(made.found.digest)
              .pipe(Effect.flatMap((artifact) => artifact.readText(reportFileName)))
      const html = runReport({
        experiment: experiment.name,
        graph: plan.stages.map(({ instance }) => ({
          id: instance.id,
          stage: instance.stage,
          kind: instance.kind.name,
          needs: instance.needs
        })),
        run: yield* latestRun(experiment.name),
        report: page
      })
      const path = Option.getOrElse(input.output, () => reportPath(input.file))
      yield* Effect.tryPromise({
        try: () => writeAtomic(path, html),
        catch: (cause) =>
          new UsageError({ problem: `${path} cannot be written (${String(cause)}); --output names another file` })
      })
      const missing = page === undefined ? "; the report stage has no result yet: `pipeline run` makes it" : ""
      process.stderr.write(`${path}, ${formatBytes(Buffer.byteLength(html))}${missing}\n`)
      const refused = input.open ? yield* openInBrowser(path) : undefined
      if (refused !== undefined) process.stderr.write(`${refused}: open ${resolve(path)} yourself\n`)
    })
  )
})
