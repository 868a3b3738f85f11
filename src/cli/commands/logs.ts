/** `pipeline logs STAGE`: what a stage printed. Works while it runs. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Store } from "../../store/store.ts"
import type { LogsInput } from "../flags/flags.ts"
import { withStore } from "../../experiment/load-experiment.ts"
import { UsageError } from "../experiment/usage-error.ts"
import { projectHere } from "../experiment/project-here.ts"

export const logs = Effect.fn("logs")(function* (input: LogsInput) {
  const project = projectHere(input.cache)
  const runs = yield* withStore(
    project.cache,
    Effect.flatMap(Store, (store) => store.runs)
  )
  const wanted = Option.isSome(input.run) ? runs.filter(({ id }) => id === Option.getOrNull(input.run)) : runs
  for (const run of wanted) {
    const log = yield* run.log(input.stage)
    if (log === undefined) continue
    process.stderr.write(`${log.path}\n`)
    process.stdout.write(log.text)
    return
  }
  const where = Option.isSome(input.run) ? `run ${input.run.value}` : `the ${runs.length} runs in ${project.cache}`
  return yield* new UsageError({ problem: `${input.stage} has no log in ${where}; a hit prints nothing` })
})
