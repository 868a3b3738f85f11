/** How much memory a training run takes at most: told before it starts, and refused where it cannot be had. */
import * as Effect from "effect/Effect"
import { stageFailed } from "../../stage/stage-failed.ts"
import type { ParamProblem } from "../../stage/param-problem.ts"
import { sizesApart, sizeText } from "../../words/size-text.ts"

export interface TrainingSizes {
  readonly d_in: number
  readonly d_out: number
  readonly d_sae: number
  readonly batch_rows: number
  readonly ema?: number | null
  readonly skip?: boolean
}

/**
 * Copies of the weights: themselves and Adam's two moments; gradients as matrices, which are made where half of all latents
 * fire, or where there are no operations of our own; and half of one for what a step or the end makes of them.
 */
const copies = 4.5
/** Matrices [batch_rows, d_sae] at once: pre-activations and what choosing from them needs. */
const activations = 2.5
/** Matrices [batch_rows, d] at once. */
const rowMatrices = 8

/** Bytes that weights, optimiser and batch take, without the engine itself and the rows. */
export const trainingBytes = ({ d_in, d_out, d_sae, batch_rows, ema, skip }: TrainingSizes): number => {
  const weights = d_sae * (d_in + d_out + 2) + d_out + (skip === true ? d_in * d_out : 0)
  const averaged = ema === null || ema === undefined ? 0 : 2
  const batch = batch_rows * (activations * d_sae + rowMatrices * (d_in + d_out))
  return 4 * ((copies + averaged) * weights + batch)
}

/** What a stage kind can say before its inputs are there: with rows of one number. */
export const leastTrainingBytes = (sizes: Omit<TrainingSizes, "d_in" | "d_out">): number =>
  trainingBytes({ ...sizes, d_in: 1, d_out: 1 })

/** The same, as the plan tells it. @param whole whether the rows are known */
export const trainingNeed = (sizes: TrainingSizes, whole: boolean): ParamProblem => {
  const memory = trainingBytes(sizes)
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
  const bytes = all.reduce((sum, sizes) => sum + trainingBytes(sizes), 0)
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
