/** Our own trainer of one architecture, at the weights and biases that the others start from. */
import type * as tf from "@tensorflow/tfjs-core"
import type { SaeArchitecture, TrainingMethod } from "../../src/sae/architecture.ts"
import { architectures } from "../../src/sae/architectures.ts"
import type { SharedOptions } from "../../src/sae/settings/shared-options.ts"
import { makeSaeTrainer } from "../../src/sae/training/sae-trainer.ts"
import { defaultsFor, resolveOptions, type TrainingOptions } from "../../src/sae/training-options.ts"

export interface StepShape {
  readonly d_in: number
  readonly d_sae: number
  readonly batch: number
  readonly k: number
  /** What an entry of W_enc x exceeds in the wanted number of latents a row: for architectures without k. */
  readonly bias: number
  /** Whether another batch than its own is reconstructed. */
  readonly transcoder: boolean
}

export const architectureOf = (name: string): SaeArchitecture => {
  const found = architectures.get(name)
  if (found === undefined) throw new Error(`there is no architecture ${name}`)
  return found
}

export const stepOptions = (
  architecture: SaeArchitecture,
  shape: StepShape,
  precision: SharedOptions["precision"]
): TrainingOptions => {
  const own = { k: shape.k, sparsity_coefficient: 0.1, threshold_init: shape.bias }
  return {
    ...defaultsFor(architecture),
    ...Object.fromEntries(Object.entries(own).filter(([name]) => name in architecture.options)),
    precision,
    architecture,
    d_sae: shape.d_sae,
    steps: 1_000_000,
    batch_rows: shape.batch,
    seed: 0,
    lr: 1e-5
  }
}

export interface OwnStep {
  /** Latents that fired, mean over rows. */
  readonly step: (x: tf.Tensor2D, target?: tf.Tensor2D) => number
  readonly dispose: () => void
}

/** `rows` [d_sae, d_in]: the first decoder rows, of norm one. */
export const makeOwnStep = (
  options: TrainingOptions,
  method: TrainingMethod,
  shape: StepShape,
  rows: Float32Array
): OwnStep => {
  const { d_in } = shape
  const { latentType } = options.architecture
  const trainer = makeSaeTrainer(resolveOptions(options), method, {
    d_in,
    b_dec: new Float32Array(d_in),
    variance: d_in,
    transcoder: shape.transcoder
  })
  const state = trainer.exportState()
  const raised = new Float32Array(shape.d_sae).fill(-shape.bias)
  const with_ = <S extends { readonly weights: Float32Array }>(of: S, weights: Float32Array): S => ({ ...of, weights })
  const { b_gate } = state.extras
  trainer.restoreState({
    ...state,
    W_enc: with_(state.W_enc, rows),
    W_dec: with_(state.W_dec, rows),
    b_enc: latentType === "relu" ? with_(state.b_enc, raised) : state.b_enc,
    extras: b_gate === undefined ? state.extras : { ...state.extras, b_gate: with_(b_gate, raised) }
  })
  return { step: (x, target) => trainer.step(x, target).l0, dispose: trainer.dispose }
}
