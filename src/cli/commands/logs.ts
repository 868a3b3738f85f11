/** `pipeline logs STAGE`: what a stage printed, or all its instances, in the latest run in which it did. Works while it runs. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { instancesNamed } from "../../plan/instances-named.ts"
import { Unreadable } from "../../specification/expression.ts"
import { Store } from "../../store/store.ts"
import { suggestOrList } from "../../words/did-you-mean.ts"
import type { LogsInput } from "../flags/flags.ts"
import { withStore } from "../../experiment/load-experiment.ts"
import { count } from "../render/words.ts"
import { UsageError } from "../experiment/usage-error.ts"
import { projectHere } from "../experiment/project-here.ts"

export const logs = Effect.fn("logs")(function* (input: LogsInput) {
  const project = yield* projectHere(input.cache)
  const runs = yield* withStore(
    project.cache,
    Effect.flatMap(Store, (store) => store.runs)
  )
  const wanted = Option.isSome(input.run) ? runs.filter(({ id }) => id === Option.getOrNull(input.run)) : runs
  for (const run of wanted) {
    const named = instancesNamed(run.instances, input.stage)
    if (named instanceof Unreadable) continue
    const logs = (yield* Effect.forEach(named, ({ id }) => run.log(id))).filter((log) => log !== undefined)
    for (const log of logs) {
      process.stderr.write(`${log.path}\n`)
      process.stdout.write(log.text)
    }
    if (logs.length > 0) return
  }
  const [newest] = wanted
  if (newest === undefined) {
    const problem = Option.isSome(input.run) ? `there is no run ${input.run.value}` : "there are no runs"
    const ids = Option.isSome(input.run)
      ? suggestOrList(
          input.run.value,
          runs.map(({ id }) => id)
        )
      : ""
    return yield* new UsageError({ problem: `${problem} in ${project.cache}${ids}` })
  }
  const known = wanted.some(({ instances }) => !(instancesNamed(instances, input.stage) instanceof Unreadable))
  const unknown = known ? undefined : instancesNamed(newest.instances, input.stage)
  const where = Option.isSome(input.run) ? `run ${newest.id}` : `the ${count(runs.length, "run")} in ${project.cache}`
  return yield* new UsageError({
    problem:
      unknown instanceof Unreadable
        ? `${unknown.message} (run ${newest.id} of ${newest.experiment})`
        : `${input.stage} has no log in ${where}; a hit prints nothing`
  })
})
