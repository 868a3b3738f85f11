/**
 * One SAE on its way through a training run: its trainer, its curve, its checkpoint. It is given batches in order; where
 * they come from, and who else gets them, is `train-together.ts`'s.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import type { StoredSae } from "../../kinds/sae/stored/stored-sae.ts"
import { type Checkpoint, loadState } from "../../stage/checkpoint.ts"
import type { Progress } from "../../stage/progress.ts"
import { stageFailed, type StageFailed } from "../../stage/stage-failed.ts"
import { precisionProblem } from "../../tensor/kernels/select-pairs.ts"
import { watchDivergence } from "./divergence.ts"
import { makeSaeTrainer, type SaeTrainer, type StepMetrics } from "./sae-trainer.ts"
import { type TrainedSae, trainedSae } from "./trained-sae.ts"
import { fromCheckpoint, toCheckpoint, TrainingState } from "./training-checkpoint.ts"
import { makeTrainingCurve } from "./training-curve.ts"
import { type ResolvedOptions, resolveOptions, type TrainingOptions } from "../training-options.ts"
import { optionProblems } from "../option-problems.ts"
import type { ScaledBatch, ScaledRows } from "../rows/training-rows.ts"
import { unfoldScale } from "./unfold-scale.ts"
import { breathe } from "../../stage/breathe.ts"

export interface TrainingHooks {
  readonly progress?: (progress: Progress) => void
  readonly checkpoint?: Checkpoint
}

export interface TrainingRun {
  readonly options: ResolvedOptions
  /** Steps done. */
  readonly steps: () => number
  /**
   * The next step; the batch stays the caller's.
   *
   * @param seen loss and mse to log, where the batch's target only stands for a gradient
   */
  readonly step: (
    batch: ScaledBatch,
    seen?: Pick<StepMetrics, "loss" | "mse">
  ) => Effect.Effect<void, StageFailed | ArtifactError>
  readonly reconstruct: SaeTrainer["reconstruct"]
  /** Batches that `finish` wants to have seen, after the last step. */
  readonly samples: number
  readonly sample: (batch: ScaledBatch) => void
  /** The weights as they are saved. */
  readonly finish: () => Effect.Effect<TrainedSae, StageFailed | ArtifactError>
}

/** Steps between two looks at the clock, the checkpoint and the event loop. */
const stepsBetween = 10
/** Batches that the threshold is the mean over. */
const thresholdBatches = 64

/** The options as they hold for these rows, or what is wrong with them. */
const runOptions = (rows: ScaledRows, given: TrainingOptions): ResolvedOptions | string => {
  const asked = { ...given, batch_rows: Math.min(given.batch_rows, rows.rows) }
  // Only where the input is what is reconstructed, and from one source, is there a centre to subtract.
  const plain = !rows.transcoder && rows.parts.length === 1
  const options = resolveOptions(plain ? asked : { ...asked, apply_b_dec_to_input: false })
  const [wrong] = optionProblems(options, plain ? "autoencoder" : rows.transcoder ? "transcoder" : "crosscoder")
  return wrong?.problem ?? options
}

/**
 * Goes on from the checkpoint, where there is one. Its tensors are freed with the scope.
 *
 * @param init an earlier SAE whose weights are the first ones; Adam's moments begin at zero
 */
export const startRun = Effect.fnUntraced(function* (
  rows: ScaledRows,
  given: TrainingOptions,
  hooks: TrainingHooks,
  init?: StoredSae
) {
  const { d_in, variance, transcoder } = rows
  const options = runOptions(rows, given)
  if (typeof options === "string") return yield* stageFailed(options)
  const { architecture } = options
  const method = yield* Effect.promise(() => architecture.load())
  const problem = precisionProblem(options.precision)
  if (problem !== undefined) return yield* stageFailed(problem)
  const first = init === undefined ? undefined : unfoldScale(init, options, rows)
  if (typeof first === "string") return yield* stageFailed(first)
  const b_dec = Float32Array.from(rows.median, (x) => (options.b_dec_init === "median" ? x : 0))
  const trainer = yield* Effect.acquireRelease(
    Effect.sync(() =>
      makeSaeTrainer(options, method, {
        d_in,
        b_dec,
        variance,
        transcoder,
        parts: rows.penalized,
        ...(first === undefined ? {} : { first })
      })
    ),
    (made) => Effect.sync(() => made.dispose())
  )

  const curve = makeTrainingCurve(options, rows)
  const saved = yield* loadState(hooks.checkpoint, TrainingState)
  if (saved !== undefined) {
    const restored = fromCheckpoint(saved)
    trainer.restoreState(restored.state)
    curve.restoreState(restored.curve)
  }
  const watch = watchDivergence(options, variance, () => ({ step: curve.values("step"), loss: curve.values("loss") }))

  /** The checkpoint that was begun last: it is written while training goes on. */
  let writing: Fiber.Fiber<void, ArtifactError> | undefined
  const scope = yield* Effect.scope
  const settled = Effect.suspend(() => (writing === undefined ? Effect.void : Fiber.join(writing)))
  const save = Effect.fnUntraced(function* (checkpoint: Checkpoint) {
    const state = toCheckpoint(trainer.stateBlocks(), curve.exportState())
    if (checkpoint.begin === undefined) return yield* checkpoint.save(state)
    // It waits for the one before by itself, within the time that a save has where the worker is to stop.
    const safe = yield* checkpoint.begin(state)
    yield* settled
    writing = yield* Effect.forkIn(safe, scope, { uninterruptible: true })
  })
  /** What writes a checkpoint takes its turn; where that failed, training ends here, not at the next one. */
  const letWrite = Effect.suspend(() => {
    const exit = writing?.pollUnsafe()
    return writing === undefined || exit?._tag === "Success" ? Effect.void : (exit ?? breathe)
  })

  const step = Effect.fnUntraced(function* ({ x, target }: ScaledBatch, seen?: Pick<StepMetrics, "loss" | "mse">) {
    // Selection refuses NaN with a RangeError of its own.
    const stepped = yield* Effect.try({ try: () => trainer.step(x, target), catch: (cause) => cause }).pipe(
      Effect.catch((cause) =>
        cause instanceof RangeError ? Effect.fail(watch.broken(trainer.steps() + 1, cause.message)) : Effect.die(cause)
      )
    )
    const metrics = { ...stepped, ...seen }
    const done = trainer.steps()
    const failed = watch.step(done, metrics)
    if (failed !== undefined) return yield* failed
    curve.add(done, metrics)
    // Asked in every step, so that whoever is told to stop does so in this one.
    const due = hooks.checkpoint?.due() === true ? hooks.checkpoint : undefined
    yield* letWrite
    if (done % stepsBetween !== 0 && done !== options.steps && due === undefined) return
    hooks.progress?.({
      done,
      total: options.steps,
      unit: "steps",
      metrics: {
        loss: metrics.loss,
        explained_variance: curve.explainedVariance(metrics),
        l0: metrics.l0,
        dead: metrics.dead,
        ...(metrics.candidates === undefined ? {} : { candidates: metrics.candidates })
      }
    })
    if (due !== undefined) yield* save(due)
    yield* breathe
  })

  let smallest = 0
  let averaged = false
  const useAverage = (): void => {
    if (!averaged) trainer.useAverage()
    averaged = true
  }
  const sample = ({ x, target }: ScaledBatch): void => {
    useAverage()
    smallest += trainer.smallestActivation(x, target) / thresholdBatches
  }
  const finish = Effect.fnUntraced(function* () {
    yield* settled
    useAverage()
    const threshold = architecture.threshold === true ? smallest : null
    if (threshold !== null && !Number.isFinite(threshold)) {
      return yield* stageFailed("no latent fires, so there is no threshold to estimate", "Lower lr, or train longer.")
    }
    return trainedSae(trainer.takeWeights(), threshold, options, rows, curve)
  })
  const run: TrainingRun = {
    options,
    steps: trainer.steps,
    step,
    reconstruct: trainer.reconstruct,
    samples: architecture.threshold === true ? thresholdBatches : 0,
    sample,
    finish
  }
  return run
})
