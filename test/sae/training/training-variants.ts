/** Small trainings of everything that can be trained, and of what makes its state larger. */
import * as Result from "effect/Result"
import * as Rng from "../../../src/random/rng.ts"
import { matrixRows, type RowSource } from "../../../src/activations/row-source.ts"
import type { TrainedSae } from "../../../src/sae/training/trained-sae.ts"
import type { TrainingRows } from "../../../src/sae/rows/training-rows.ts"
import type { Task } from "../../../src/sae/architecture.ts"
import type { SharedOptions } from "../../../src/sae/settings/shared-options.ts"
import type { TrainingOptions } from "../../../src/sae/training-options.ts"
import { trainingRequest, type TrainingRequest } from "../../../src/sae/training-request.ts"
import { formatParamProblem } from "../../../src/stage/param-problem.ts"
import { type AnyOptions, architectureNames, architectureOf } from "../architectures/known.ts"
import { syntheticRows } from "../synthetic-rows.ts"

export const small = syntheticRows({ rows: 600, d_in: 16, directions: 24, active: 3, mean: 2, seed: 5 })
export const plainRows = (): RowSource => matrixRows(small.data, small.d_in)

/** Rows of other widths that are linear functions of the same ones. */
const seenThrough = (width: number, seed: number): RowSource => {
  const rng = Rng.make(seed, "seen through")
  const { data, d_in } = small
  const matrix = Float32Array.from({ length: width * d_in }, () => rng.normal() / 4)
  const rows = new Float32Array((data.length / d_in) * width)
  for (let i = 0; i < rows.length; i++) {
    const [row, c] = [Math.floor(i / width), i % width]
    let value = 0
    for (let k = 0; k < d_in; k++) value += (data[row * d_in + k] as number) * (matrix[c * d_in + k] as number)
    rows[i] = value
  }
  return matrixRows(rows, width)
}

export type Given = { readonly [O in keyof (SharedOptions & AnyOptions)]?: (SharedOptions & AnyOptions)[O] | null } & {
  readonly preset?: string
  readonly d_sae?: number
  readonly steps?: number
  readonly seed?: number
  readonly skip?: boolean
}

/** A small training as a user asks for it. */
export const given = (architecture: string, more: Given = {}): TrainingRequest => ({
  architecture,
  preset: "none",
  d_sae: 32,
  ...("k" in architectureOf(architecture).options ? { k: 3 } : {}),
  steps: 60,
  batch_rows: 64,
  seed: 7,
  ...(architecture === "matryoshka_batch_topk" ? { groups: [0.25, 0.75] } : {}),
  ...more
})

export const request = (architecture: string, more: Given = {}, task?: Task): TrainingOptions<AnyOptions> =>
  Result.getOrThrowWith(trainingRequest(given(architecture, more), task), (problems) => {
    return new Error(problems.map(formatParamProblem).join("; "))
  }) as TrainingOptions<AnyOptions>

export interface Variant {
  readonly name: string
  readonly options: TrainingOptions
  readonly rows: () => RowSource | TrainingRows
}

const plain = (name: string, options: TrainingOptions): Variant => ({ name, options, rows: plainRows })

const transcoder = (): TrainingRows => ({ sources: [plainRows()], target: seenThrough(10, 3) })
const crosscoder = (): TrainingRows => ({ sources: [plainRows(), seenThrough(12, 4)] })

export const variants: ReadonlyArray<Variant> = [
  ...architectureNames.map((name) => plain(name, request(name))),
  plain(
    "standard, resampling",
    request("standard", { resample_every: 12, sparsity_coefficient: 3, sparsity_warmup: 0 })
  ),
  plain("batch_topk, averaged", request("batch_topk", { ema: 0.9, k_anneal: 0.5 })),
  plain("topk, ghost gradients", request("topk", { aux_loss: "ghost", multi_topk: true, dead_after: 128 })),
  { name: "transcoder", options: request("batch_topk", { skip: true }, "transcoder"), rows: transcoder },
  { name: "crosscoder", options: request("standard", { decoder_norm: "free" }), rows: crosscoder }
]

/** What `train-in-process.ts` trains. */
export const inProcess = request("batch_topk", { steps: 400, ema: 0.99 })

export const weightBytes = ({ weights }: TrainedSae): Buffer => {
  const { W_enc, W_dec, b_enc, b_dec, threshold } = weights
  return Buffer.concat([W_enc, W_dec, b_enc, b_dec, threshold as Float32Array].map((part) => Buffer.from(part.buffer)))
}
