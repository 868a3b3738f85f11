/** `pipeline plan FILE`: what would run, what is a hit, and why. */
import * as Effect from "effect/Effect"
import { executorLayer } from "../../execute/by-name/executor-layer.ts"
import { checkResources } from "../../experiment/check-resources.ts"
import { executorSettings } from "../../experiment/run-experiment.ts"
import { readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { planExperiment } from "../../experiment/plan-experiment.ts"
import { gpusFor } from "../experiment/gpus-for.ts"
import type { PlanInput } from "../flags/flags.ts"
import { columns } from "../render/columns.ts"
import { estimateText } from "../render/estimate-text.ts"
import { noteLines } from "../render/note-lines.ts"
import { planJson, planText } from "../render/plan-text.ts"
import { sayWhenSlow } from "../render/say-when-slow.ts"

export const plan = Effect.fn("plan")(function* (input: PlanInput) {
  const experiment = yield* readExperiment(input).pipe(sayWhenSlow(`reading ${input.file}`))
  const { plan: planned, expected } = yield* withStore(
    experiment.project,
    planExperiment(experiment).pipe(sayWhenSlow(`planning ${input.file}`))
  )
  const settings = executorSettings(experiment)
  yield* checkResources(planned, experiment.project.cache).pipe(Effect.provide(executorLayer(settings)))
  const gpus = yield* gpusFor(planned, settings.use)
  const text = input.json ? JSON.stringify(planJson(planned)) : planText(planned, gpus, columns())
  process.stdout.write(`${text}\n`)
  if (!input.json) {
    for (const line of estimateText(planned, expected, experiment.project.cache)) process.stdout.write(`${line}\n`)
  }
  for (const line of noteLines(experiment.compiled, planned)) process.stderr.write(`${line}\n`)
})
