/** `pipeline plan FILE`: what would run, what is a hit, and why. */
import * as Effect from "effect/Effect"
import { listGpus } from "../../execute/local/gpus.ts"
import type { PlanInput } from "../flags/flags.ts"
import { sayWhenSlow } from "../render/say-when-slow.ts"
import { planExperiment, readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { planJson, planText } from "../render/plan-text.ts"

export const plan = Effect.fn("plan")(function* (input: PlanInput) {
  const experiment = yield* readExperiment(input).pipe(sayWhenSlow(`reading ${input.file}`))
  const planned = yield* withStore(
    experiment.project.cache,
    planExperiment(experiment).pipe(sayWhenSlow(`planning ${input.file}`))
  )
  const text = input.json ? JSON.stringify(planJson(planned.plan)) : planText(planned.plan, (yield* listGpus).length)
  process.stdout.write(`${text}\n`)
})
