/** `pipeline run FILE [STAGE...]`: runs what is missing, shows it while it goes on, and tells the first cause last. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { executorLayer } from "../../execute/by-name/executor-layer.ts"
import type { RunEvent } from "../../run/event.ts"
import { layer as localStore } from "../../store/local/local-store.ts"
import { ensureEngine } from "../../tensor/engine/ensure-engine.ts"
import { acceptLicences } from "../experiment/accept-licences.ts"
import { gpusFor } from "../experiment/gpus-for.ts"
import type { RunInput } from "../flags/flags.ts"
import { jsonRenderer } from "../render/json-renderer.ts"
import { installLines } from "../render/install-lines.ts"
import { lineRenderer } from "../render/line-renderer.ts"
import { sayWhenSlow } from "../render/say-when-slow.ts"
import { readExperiment } from "../../experiment/load-experiment.ts"
import { planSelected, runExperiment } from "../../experiment/run-experiment.ts"
import { planJson, planText } from "../render/plan-text.ts"
import { whatNext } from "../render/what-next.ts"
import type { Renderer } from "../render/renderer.ts"

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

/** The terminal's renderer is loaded only where there is a terminal. */
const chooseRenderer = (json: boolean, expected: ReadonlyMap<string, number>): Effect.Effect<Renderer> => {
  if (json) return Effect.succeed(jsonRenderer(say))
  if (!process.stderr.isTTY || process.env["CI"] !== undefined) return Effect.succeed(lineRenderer(say))
  return Effect.map(
    Effect.promise(() => import("../render/listr-renderer.ts")),
    ({ listrRenderer }) => listrRenderer(say, expected)
  )
}

const chooseEngine = (input: RunInput, tell: (line: string) => void) =>
  ensureEngine(
    Option.getOrElse(input.engine, () => "auto" as const),
    {
      onProgress: installLines({ write: (line) => tell(line.trimEnd()) }).onProgress
    }
  ).pipe(
    Effect.tap(({ note: why }) => Effect.sync(() => why !== undefined && tell(`engine: ${why}`))),
    Effect.map(({ engine }) => engine)
  )

/** Ending workers takes seconds: that Ctrl-C was heard is told at once. */
const whileListening =
  (stopping: () => void) =>
  <A, E, R>(running: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => process.once("SIGINT", stopping).once("SIGTERM", stopping)),
      () => running,
      () => Effect.sync(() => process.off("SIGINT", stopping).off("SIGTERM", stopping))
    )

export const run = Effect.fn("run")(function* (input: RunInput) {
  const experiment = yield* readExperiment(input).pipe(sayWhenSlow(`reading ${input.file}`))
  yield* acceptLicences(input.acceptLicence, say)
  const { from, only, force } = input
  const program = Effect.gen(function* () {
    const planned = yield* planSelected(experiment, {
      from,
      only,
      force,
      until: input.until,
      stages: input.stages
    }).pipe(sayWhenSlow(`planning ${input.file}`))
    if (input.dryRun) {
      const { plan } = planned
      process.stdout.write(`${input.json ? JSON.stringify(planJson(plan)) : planText(plan, yield* gpusFor(plan))}\n`)
      return
    }
    const renderer = yield* chooseRenderer(input.json, planned.expectedSeconds)
    let gpuTold = false
    const onEvent = (event: RunEvent): void => {
      renderer.onEvent(event)
      // Once is enough: every stage that asks for one is in the same position.
      if (event.type !== "stage-started" || !event.gpuMissing || gpuTold) return
      gpuTold = true
      renderer.note("no GPU here: stages that ask for one run on the CPU")
    }
    const { stages } = yield* runExperiment(planned, {
      onEvent,
      engine: chooseEngine(input, renderer.note),
      keepGoing: input.keepGoing,
      ...(Option.isSome(input.jobs) ? { jobs: input.jobs.value } : {})
    }).pipe(Effect.ensuring(Effect.promise(() => renderer.close())), whileListening(renderer.stopping))
    if (!input.json) say(whatNext(input.file, input.set, stages))
  })
  yield* program.pipe(Effect.provide(Layer.mergeAll(localStore(experiment.project.cache), executorLayer("local"))))
})
