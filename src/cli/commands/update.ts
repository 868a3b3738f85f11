/** `pipeline update FILE`: moves the pins of its sources to what their names stand for now. */
import * as Effect from "effect/Effect"
import { readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { planExperiment } from "../../experiment/plan-experiment.ts"
import { lockName, readLockFile, writeLockFile } from "../../experiment/lock-file.ts"
import { movePins } from "../../lock/move-pins.ts"
import { shownPin } from "../../plan/explain.ts"
import { UsageError } from "../experiment/usage-error.ts"
import type { UpdateInput } from "../flags/flags.ts"
import { count } from "../render/words.ts"

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

export const update = Effect.fn("update")(function* (input: UpdateInput) {
  const experiment = yield* readExperiment({ ...input, set: [] })
  const name = lockName(input.file)
  const lock = (yield* readLockFile(input.file))?.lock
  if (lock === undefined) {
    return yield* new UsageError({ problem: `there is no ${name}: \`pipeline run ${input.file} --lock\` writes one` })
  }
  const { plan } = yield* withStore(experiment.project, planExperiment(experiment, { lock: "ignore" }))
  const { lock: moved, pins, moves } = movePins(lock, plan.stages)
  for (const { uri, from, to, stages } of moves) {
    say(`${uri}: ${shownPin(from)} -> ${shownPin(to)} (${stages.join(", ")})`)
  }
  if (moves.length === 0) {
    say(
      pins === 0 ? `${name}: no source has a pin` : `${name}: ${count(pins, "pin")}, all at what their names stand for`
    )
    return
  }
  if (input.dryRun) return say(`--dry-run: ${name} is as it was`)
  yield* writeLockFile(input.file, experiment.project.directory, moved)
  say(
    `${name}: ${count(moves.length, "pin")} moved; \`pipeline run ${input.file}\` computes what they reach and locks it`
  )
})
