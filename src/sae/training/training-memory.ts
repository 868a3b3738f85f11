/** How much memory a training run takes at most: told before it starts, and refused where it cannot be had. */
import * as Effect from "effect/Effect"
import { stageFailed } from "../../stage/stage-failed.ts"
import type { ParamProblem } from "../../stage/param-problem.ts"
import { compiledOpsLoaded } from "../../tensor/tensorflow/compiled-ops.ts"
import type { SaeArchitecture } from "../architecture.ts"
import { sizesApart, sizeText } from "../../words/size-text.ts"

export interface TrainingSizes {
  readonly d_in: number
  readonly d_out: number
  readonly d_sae: number
  readonly batch_rows: number
  readonly ema?: number | null
  readonly skip?: boolean
  readonly architecture?: Pick<SaeArchitecture, "sparseBy">
}

/** Matrices [batch_rows, d] at once. */
const rowMatrices = 8

/**
 * Copies of the weights: themselves and Adam's two moments, and half of one for what the encoder is rounded to, or what the end
 * makes of them; without operations of our own also gradients as matrices, which are made where half of all latents fire.
 */
const copies = (compiled: boolean): number => (compiled ? 3.5 : 4.5)

/**
 * Numbers that a pair [batch_rows, d_sae] takes, on average of all pairs. Operations of our own keep only pairs that may be active:
 * candidates, chosen ones, activations and gradients, twenty-five numbers each. With a penalty half of all are active at first.
 * Without such operations these are matrices: pre-activations and what choosing from them needs.
 */
const numbersOfPairs = (compiled: boolean, penalty: boolean): number => (!compiled ? 2.5 : penalty ? 25 / 2 : 0.25)

/**
 * Bytes that weights, optimiser and batch take, without the engine itself and the rows.
 *
 * @param compiled whether operations of our own compute, which need less
 */
export const trainingBytes = (
  { d_in, d_out, d_sae, batch_rows, ema, skip, architecture }: TrainingSizes,
  compiled: boolean
): number => {
  const weights = d_sae * (d_in + d_out + 2) + d_out + (skip === true ? d_in * d_out : 0)
  const averaged = ema === null || ema === undefined ? 0 : 2
  const pairs = numbersOfPairs(compiled, architecture?.sparseBy === "penalty")
  const batch = batch_rows * (pairs * d_sae + rowMatrices * (d_in + d_out))
  return 4 * ((copies(compiled) + averaged) * weights + batch)
}

/** What a stage kind can say before its inputs are there: with rows of one number. */
export const leastTrainingBytes = (sizes: Omit<TrainingSizes, "d_in" | "d_out">): number =>
  trainingBytes({ ...sizes, d_in: 1, d_out: 1 }, true)

/** The same, as the plan tells it, which does not know the engine yet. @param whole whether the rows are known */
export const trainingNeed = (sizes: TrainingSizes, whole: boolean): ParamProblem => {
  const memory = trainingBytes(sizes, true)
  return {
    param: "d_sae",
    problem: `training takes ${whole ? "up to" : "at least"} ${sizeText(memory)} of memory`,
    remedy: "lower d_sae or batch_rows, or run it on a larger machine",
    needs: { memory }
  }
}

/**
 * Logs the estimate of everything that is trained at once, and fails where it is more than the machine has left.
 *
 * @param said what the file says that a stage takes: then nothing is refused; null where it says nothing
 * @param free bytes that can be had @default what the operating system, or the process's limit, says
 */
export const requireTrainingMemory = Effect.fnUntraced(function* (
  all: ReadonlyArray<TrainingSizes>,
  log: (line: string) => void,
  said: number | null,
  free: number = process.availableMemory()
) {
  const bytes = all.reduce((sum, sizes) => sum + trainingBytes(sizes, compiledOpsLoaded()), 0)
  const what = all.map(({ d_in, d_sae }) => `${d_in} x ${d_sae}`).join(", ")
  const [wanted, there] = sizesApart(bytes, free)
  log(`weights, optimiser and batches (${what}) take up to ${wanted} of memory; ${there} are free`)
  if (bytes <= free || said !== null) return
  return yield* stageFailed(
    `training (${what}) takes up to ${wanted} of memory, ${there} are free`,
    all.length > 1
      ? "Train fewer SAEs at once."
      : "Lower batch_rows or d_sae, or use a machine with more memory; where it takes less, say how much: resources: { memory: ... }."
  )
})
