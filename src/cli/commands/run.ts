/** `pipeline run FILE [STAGE...]`: runs what is missing, shows it while it goes on, and tells the first cause last. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import { notHit, selectRun } from "../../plan/select-run.ts"
import { listGpus } from "../../run/gpus.ts"
import { layer as localBackend } from "../../execute/local-backend.ts"
import type { RunEvent } from "../../run/event.ts"
import type { FirstCause } from "../../run/run-options.ts"
import { run as execute } from "../../run/run.ts"
import { SpecInvalid } from "../../specification/spec-invalid.ts"
import { layer as fileStore } from "../../store/file-store.ts"
import { ensureEngine } from "../../tensor/engine/ensure-engine.ts"
import { acceptLicences } from "../experiment/accept-licences.ts"
import type { RunInput } from "../flags/flags.ts"
import { jsonRenderer } from "../render/json-renderer.ts"
import { lineRenderer } from "../render/line-renderer.ts"
import { planExperiment, readExperiment } from "../experiment/load-experiment.ts"
import { planJson, planText } from "../render/plan-text.ts"
import type { Renderer } from "../render/renderer.ts"

class RunFailed extends Data.TaggedError("RunFailed")<{ readonly cause: FirstCause }> {
  override readonly [Runtime.errorExitCode] = 1
  override get message(): string {
    const { id, problem, log, tail } = this.cause
    const lines = tail.filter((line) => line.trim() !== "" && !problem.includes(line.trim()))
    return [
      "",
      `${id} failed: ${problem}`,
      ...lines.map((line) => `  | ${line}`),
      ...(log === null ? [] : [`  log: ${log}`])
    ].join("\n")
  }
}

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

/** The terminal's renderer is loaded only where there is a terminal. */
const chooseRenderer = (json: boolean): Effect.Effect<Renderer> => {
  if (json) return Effect.succeed(jsonRenderer)
  if (!process.stderr.isTTY || process.env["CI"] !== undefined) return Effect.succeed(lineRenderer(say))
  return Effect.map(
    Effect.promise(() => import("../render/listr-renderer.ts")),
    ({ listrRenderer }) => listrRenderer(say)
  )
}

const chooseEngine = (input: RunInput) =>
  ensureEngine(
    Option.getOrElse(input.engine, () => "auto" as const),
    {
      onProgress: ({ message }) => say(message)
    }
  ).pipe(
    Effect.tap(({ note }) => Effect.sync(() => note !== undefined && say(`engine: ${note}`))),
    Effect.map(({ engine }) => engine)
  )

export const run = Effect.fn("run")(function* (input: RunInput) {
  const experiment = yield* readExperiment(input)
  yield* acceptLicences(input.acceptLicence, say)
  const { graph } = experiment.compiled
  const { from, only, force } = input
  const selected = yield* Effect.fromResult(
    selectRun(graph, { from, only, force, until: [...input.until, ...input.stages] })
  )
  const program = Effect.gen(function* () {
    const { plan, setupOf, changedSincePlan } = yield* planExperiment(experiment, selected)
    const problems = notHit(plan, selected, only)
    if (problems.length > 0) return yield* new SpecInvalid({ problems })
    if (input.dryRun) {
      const gpus = yield* listGpus
      process.stdout.write(`${input.json ? JSON.stringify(planJson(plan)) : planText(plan, gpus.length)}\n`)
      return
    }
    const renderer = yield* chooseRenderer(input.json)
    let gpuTold = false
    const onEvent = (event: RunEvent): void => {
      renderer.onEvent(event)
      // Once is enough: every stage that asks for one is in the same position.
      if (event.type !== "stage-started" || !event.gpuMissing || gpuTold) return
      gpuTold = true
      say("no GPU here: stages that ask for one run on the CPU")
    }
    const result = yield* execute(graph, {
      projectDirectory: experiment.project.directory,
      experiment: experiment.name,
      setupOf,
      changedSincePlan,
      onEvent,
      engine: chooseEngine(input),
      ...selected,
      keepGoing: input.keepGoing,
      ...(Option.isSome(input.jobs) ? { jobs: input.jobs.value } : {})
    }).pipe(Effect.ensuring(Effect.promise(() => renderer.close())))
    if (result.firstCause !== undefined) return yield* new RunFailed({ cause: result.firstCause })
  })
  yield* program.pipe(Effect.provide(Layer.mergeAll(fileStore(experiment.project.cache), localBackend)))
})
