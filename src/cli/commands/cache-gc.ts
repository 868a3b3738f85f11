/** `pipeline cache gc`: what would go and what it would cost to compute again; with `--yes` it goes. */
import * as Effect from "effect/Effect"
import { lockDigests } from "../../experiment/lock-digests.ts"
import { unwritable } from "../../file/unwritable.ts"
import { PinUnreadable } from "../../store/local/pins.ts"
import { type GcPlan, planGc } from "../../store/local/plan-gc.ts"
import { sweep } from "../../store/local/sweep.ts"
import { projectHere } from "../experiment/project-here.ts"
import { UsageError } from "../experiment/usage-error.ts"
import type { GcInput } from "../flags/store-flags.ts"
import { columns } from "../render/columns.ts"
import { formatBytes, formatSeconds, formatTable } from "../render/words.ts"

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

/** GPU time only where there is some: most stages have none. */
export const costText = (seconds: number, gpuSeconds: number): string =>
  gpuSeconds === 0 ? formatSeconds(seconds) : `${formatSeconds(seconds)} (${formatSeconds(gpuSeconds)} of a GPU)`

const rubbishWords = {
  checkpoint: "checkpoints that nobody went on from",
  quarantine: "damaged files in quarantine",
  transfer: "transfers that were cut",
  job: "folders of jobs that nobody waits for"
}

const tell = ({ goes, orphanBytes, rubbish, keptBytes, live }: GcPlan): void => {
  const rows = goes.map(({ digest, kind, stages, experiments, bytes, seconds, gpuSeconds, because }) => [
    digest.slice(0, 12),
    kind,
    formatBytes(bytes),
    costText(seconds, gpuSeconds),
    because,
    `${stages.join(" ")} (${experiments.join(" ")})`
  ])
  const head = ["artifact", "kind", "frees", "to compute again", "because", "stage"]
  if (rows.length > 0) process.stdout.write(`${formatTable([head, ...rows], columns())}\n`)
  for (const [what, words] of Object.entries(rubbishWords)) {
    const found = rubbish.filter((each) => each.what === what)
    if (found.length === 0) continue
    say(`${found.length} ${words}: ${formatBytes(found.reduce((sum, { bytes }) => sum + bytes, 0))}`)
  }
  if (orphanBytes > 0) say(`files that no artifact lists: ${formatBytes(orphanBytes)}`)
  if (live) say("a run goes on, or may: what it uses stays, and so does all that was written within the hour")
  say(`what stays: ${formatBytes(keptBytes)}`)
}

export const cacheGc = Effect.fn("cacheGc")(function* (input: GcInput) {
  const project = yield* projectHere(input.cache)
  const locked = yield* lockDigests(project)
  const now = Date.now()
  const options = { locked, keepSeconds: input.keepDays * 24 * 3600, now }
  const plan = yield* Effect.tryPromise({
    try: () => planGc(project.cache, options),
    catch: (cause) =>
      cause instanceof PinUnreadable ? new UsageError({ problem: cause.message }) : unwritable(project.cache)(cause)
  })
  const bytes = [...plan.goes, ...plan.rubbish].reduce((sum, each) => sum + each.bytes, plan.orphanBytes)
  const seconds = plan.goes.reduce((sum, each) => sum + each.seconds, 0)
  const gpuSeconds = plan.goes.reduce((sum, each) => sum + each.gpuSeconds, 0)
  if (!input.json) tell(plan)
  const freed = input.yes
    ? yield* Effect.tryPromise({ try: () => sweep(project.cache, plan, now), catch: unwritable(project.cache) })
    : 0
  if (input.json) process.stdout.write(`${JSON.stringify({ ...plan, bytes, seconds, gpuSeconds, freed }, null, 2)}\n`)
  else if (input.yes) say(`freed ${formatBytes(freed)} in ${project.cache}; records stay: what has gone is still a hit`)
  else if (bytes === 0) say(`nothing would go from ${project.cache}`)
  else {
    say(`would free ${formatBytes(bytes)}; all of it computed again: ${costText(seconds, gpuSeconds)}`)
    say("nothing is removed yet: --yes does it")
  }
})
