/** `pipeline report FILE`: the experiment's report page, with what it is before it, and its stages and their costs after it. */
import { resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Report, reportFileName } from "../../kinds/report.ts"
import { runReport } from "../../report/run-report.ts"
import { writeAtomic } from "../../file/atomic-write.ts"
import { Store } from "../../store/store.ts"
import type { ReportInput } from "../flags/flags.ts"
import { compareAgainst } from "../compare/compare-against.ts"
import { sayWhenSlow } from "../render/say-when-slow.ts"
import { readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { planExperiment } from "../../experiment/plan-experiment.ts"
import { madeExperiment } from "../experiment/made-experiment.ts"
import { UsageError } from "../experiment/usage-error.ts"
import { formatBytes } from "../render/words.ts"
import { openInBrowser } from "../experiment/open-in-browser.ts"
import { reportPath } from "../render/what-next.ts"

export const report = Effect.fn("report")(function* (input: ReportInput) {
  const experiment = yield* readExperiment(input).pipe(sayWhenSlow(`reading ${input.file}`))
  yield* withStore(
    experiment.project,
    Effect.gen(function* () {
      const { plan } = yield* planExperiment(experiment).pipe(sayWhenSlow(`planning ${input.file}`))
      const store = yield* Store
      const reports = plan.stages.filter(({ instance }) => instance.output === Report.name)
      const made = reports.find(({ found }) => found !== undefined)
      const page =
        made?.found === undefined
          ? undefined
          : yield* store
              .artifact(made.found.digest)
              .pipe(Effect.flatMap((artifact) => artifact.readText(reportFileName)))
      const against = Option.isNone(input.against)
        ? undefined
        : yield* compareAgainst(input.against.value, experiment, input).pipe(
            sayWhenSlow(`comparing with ${input.against.value}`)
          )
      const html = runReport({ ...madeExperiment(experiment, plan, input.set), report: page, against })
      const path = Option.getOrElse(input.output, () => reportPath(input.file, input.set))
      yield* Effect.tryPromise({
        try: () => writeAtomic(path, html),
        catch: (cause) =>
          new UsageError({ problem: `${path} cannot be written (${String(cause)}); --output names another file` })
      })
      const missing =
        page !== undefined || reports.length === 0
          ? ""
          : "; the report stage has no result yet: `pipeline run` makes it"
      process.stderr.write(`${path}, ${formatBytes(Buffer.byteLength(html))}${missing}\n`)
      const refused = input.open ? yield* openInBrowser(path) : undefined
      if (refused !== undefined) process.stderr.write(`${refused}: open ${resolve(path)} yourself\n`)
    })
  )
})
