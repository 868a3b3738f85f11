/** `pipeline run FILE [STAGE...]`: runs what is missing, shows it while it goes on, and tells the first cause last. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { executorLayer } from "../../execute/by-name/executor-layer.ts"
import type { RunEvent } from "../../run/event.ts"
import { projectStore } from "../../experiment/project-store.ts"
import { ensureEngine } from "../../tensor/engine/ensure-engine.ts"
import { acceptLicences } from "../experiment/accept-licences.ts"
import { gpusFor } from "../experiment/gpus-for.ts"
import type { RunInput } from "../flags/flags.ts"
import { chooseRenderer } from "../render/choose-renderer.ts"
import { jsonRenderer } from "../render/json-renderer.ts"
import { installLines } from "../render/install-lines.ts"
import { lineRenderer } from "../render/line-renderer.ts"
import { sayWhenSlow } from "../render/say-when-slow.ts"
import { checkFrozen, checkFrozenResults } from "../../experiment/check-frozen.ts"
import { keepLock } from "../../experiment/keep-lock.ts"
import { type Experiment, readExperiment } from "../../experiment/load-experiment.ts"
import { readLockFile } from "../../experiment/lock-file.ts"
import { runResults } from "../../experiment/run-results.ts"
import { NotDeterministic, verifyDeterminism } from "../../experiment/verify-determinism.ts"
import { UsageError } from "../experiment/usage-error.ts"
import { verifiedText } from "../render/verified-text.ts"
import { executorSettings, planSelected, runExperiment } from "../../experiment/run-experiment.ts"
import { estimateText } from "../render/estimate-text.ts"
import { noteLines } from "../render/note-lines.ts"
import { columns } from "../render/columns.ts"
import { planJson, planText } from "../render/plan-text.ts"
import { whatNext } from "../render/what-next.ts"

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

export const chooseEngine = (input: Pick<RunInput, "engine">, tell: (line: string) => void) =>
  ensureEngine(
    Option.getOrElse(input.engine, () => "auto" as const),
    {
      onProgress: installLines({ write: (line) => tell(line.trimEnd()) }).onProgress
    }
  ).pipe(
    Effect.tap(({ note: why }) => Effect.sync(() => why !== undefined && tell(`engine: ${why}`))),
    Effect.map(({ engine }) => engine)
  )

/** Loaded only where spans are asked for. */
const telemetryOf = (note: (line: string) => void) =>
  Object.keys(process.env).some((name) => /^OTEL_EXPORTER_OTLP_(TRACES_)?ENDPOINT$/.test(name))
    ? Effect.flatMap(
        Effect.promise(() => import("../../telemetry/open-telemetry.ts")),
        ({ openTelemetry }) => openTelemetry(process.env, note)
      )
    : Effect.undefined

/** Ending workers takes seconds: that Ctrl-C was heard is told at once. */
const whileListening =
  (stopping: () => void) =>
  <A, E, R>(running: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => process.once("SIGINT", stopping).once("SIGTERM", stopping)),
      () => running,
      () => Effect.sync(() => process.off("SIGINT", stopping).off("SIGTERM", stopping))
    )
const verify = Effect.fn("verify")(function* (input: RunInput, experiment: Experiment, stage: string) {
  const { onEvent } = (input.json ? jsonRenderer : lineRenderer)(say)
  const verified = yield* verifyDeterminism(experiment, stage, {
    onEvent,
    engine: chooseEngine(input, say),
    ...(Option.isSome(input.jobs) ? { jobs: input.jobs.value } : {})
  }).pipe(
    Effect.provide(
      Layer.mergeAll(
        projectStore(experiment.project),
        executorLayer(executorSettings(experiment), Option.getOrUndefined(input.executor))
      )
    )
  )
  for (const each of verified) say(verifiedText(each))
  const differing = verified.filter(({ same }) => !same).map(({ id }) => id)
  if (differing.length > 0) return yield* new NotDeterministic({ stages: differing })
})

export const run = Effect.fn("run")(function* (input: RunInput) {
  const experiment = yield* readExperiment(input).pipe(sayWhenSlow(`reading ${input.file}`))
  yield* acceptLicences(input.acceptLicence, say)
  const { from, only, force } = input
  if (input.lock && (input.frozen || input.set.length > 0)) {
    const other = input.frozen ? "--frozen" : "--set"
    return yield* new UsageError({ problem: `--lock writes what the files give: leave out ${other}` })
  }
  if (Option.isSome(input.verifyDeterminism)) return yield* verify(input, experiment, input.verifyDeterminism.value)
  const program = Effect.gen(function* () {
    const selection = { from, only, force, until: input.until, stages: input.stages }
    // Pins of a lock that cannot be read are lost; that it is, keepLock tells.
    const usable = !input.lock || Exit.isSuccess(yield* Effect.exit(readLockFile(experiment.file)))
    const planned = yield* planSelected(experiment, selection, usable ? "use" : "ignore").pipe(
      sayWhenSlow(`planning ${input.file}`)
    )
    if (input.frozen) yield* checkFrozen(planned)
    for (const line of noteLines(experiment.compiled, planned.plan)) say(line)
    const estimate = estimateText(planned.plan, planned.expected, experiment.project.cache)
    if (!input.json && !input.dryRun) for (const line of estimate) say(line)
    if (input.dryRun) {
      const { plan } = planned
      const gpus = yield* gpusFor(plan, Option.getOrUndefined(input.executor) ?? executorSettings(experiment).use)
      const lines = input.json ? [JSON.stringify(planJson(plan))] : [planText(plan, gpus, columns()), ...estimate]
      process.stdout.write(`${lines.join("\n")}\n`)
      return
    }
    const renderer = yield* chooseRenderer(input.json, planned.expected.seconds)
    const telemetry = yield* telemetryOf(renderer.note)
    let gpuTold = false
    const onEvent = (event: RunEvent): void => {
      renderer.onEvent(event)
      telemetry?.onEvent(event)
      // Once is enough: every stage that asks for one is in the same position.
      if (event.type !== "stage-started" || !event.gpuMissing || gpuTold) return
      gpuTold = true
      renderer.note(
        "no GPU that the engine can use: stages that ask for one run on the CPU (`pipeline doctor` says why)"
      )
    }
    // Fetching an engine takes longer than the first stages, which mostly need none: it begins now. A failure is told to the
    // stage that cannot do without.
    const engine = yield* Effect.cached(chooseEngine(input, renderer.note))
    const wanted = planned.plan.stages.some(({ action, instance }) => action !== "hit" && instance.kind.engine)
    if (wanted) yield* Effect.forkChild(Effect.ignore(engine), { startImmediately: true })
    const result = yield* runExperiment(planned, {
      onEvent,
      engine,
      keepGoing: input.keepGoing,
      strict: input.strict,
      ...(Option.isSome(input.jobs) ? { jobs: input.jobs.value } : {})
    }).pipe(
      Effect.ensuring(Effect.promise(() => renderer.close())),
      Effect.ensuring(telemetry?.close ?? Effect.void),
      whileListening(renderer.stopping)
    )
    if (input.frozen) yield* checkFrozenResults(planned, yield* runResults(planned.plan, result))
    // What --set changes is not what the files say.
    else if (input.lock || (planned.lock !== undefined && input.set.length === 0)) {
      for (const line of yield* keepLock(planned, yield* runResults(planned.plan, result), input.lock)) say(line)
    }
    if (!input.json) say(whatNext(input.file, input.set, result.stages))
  })
  yield* program.pipe(
    Effect.provide(
      Layer.mergeAll(
        projectStore(experiment.project),
        executorLayer(executorSettings(experiment), Option.getOrUndefined(input.executor))
      )
    )
  )
})
