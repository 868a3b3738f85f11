/** A trainer's state and its curve as a stage checkpoint, and back. */
import type { CheckpointState } from "../stage/stage.ts"
import type { AdamState } from "../tensor/adam-variable.ts"
import type { TrainerState } from "./sae-trainer.ts"

export type Curve = Record<string, Array<number>>

type Floats = Float32Array<ArrayBuffer>

const names = ["W_enc", "b_enc", "W_dec", "b_dec"] as const

export const toCheckpoint = (state: TrainerState, curve: Curve): CheckpointState => {
  const tensors: Record<string, Floats | Int32Array<ArrayBuffer>> = { silent: Int32Array.from(state.silent) }
  for (const name of names) {
    tensors[`${name}.weights`] = state[name].weights as Floats
    tensors[`${name}.first_moment`] = state[name].firstMoment as Floats
    tensors[`${name}.second_moment`] = state[name].secondMoment as Floats
  }
  // Numbers go through JSON and back unchanged.
  return { json: { step: state.step, curve }, tensors }
}

export const fromCheckpoint = ({ json, tensors }: CheckpointState): { state: TrainerState; curve: Curve } => {
  const { step, curve } = json as unknown as { readonly step: number; readonly curve: Curve }
  const adam = (name: (typeof names)[number]): AdamState => ({
    weights: tensors[`${name}.weights`] as Floats,
    firstMoment: tensors[`${name}.first_moment`] as Floats,
    secondMoment: tensors[`${name}.second_moment`] as Floats
  })
  return {
    state: {
      step,
      W_enc: adam("W_enc"),
      b_enc: adam("b_enc"),
      W_dec: adam("W_dec"),
      b_dec: adam("b_dec"),
      silent: tensors["silent"] as Int32Array
    },
    curve: Object.fromEntries(Object.entries(curve).map(([name, values]) => [name, [...values]]))
  }
}
