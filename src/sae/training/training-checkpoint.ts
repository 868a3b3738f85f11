/** A trainer's state and its curve as a stage checkpoint, and back. */
import * as Schema from "effect/Schema"
import type { CheckpointState, DecodedState } from "../../stage/checkpoint.ts"
import type { AdamState } from "../../tensor/adam/adam-variable.ts"
import type { TrainerState } from "./sae-trainer.ts"
import type { CurveState } from "./training-curve.ts"

type Floats = Float32Array<ArrayBuffer>

const names = ["W_enc", "b_enc", "W_dec", "b_dec"] as const

export const toCheckpoint = (state: TrainerState, curve: CurveState): CheckpointState => {
  const tensors: Record<string, Floats | Int32Array<ArrayBuffer>> = { silent: Int32Array.from(state.silent) }
  for (const name of names) {
    tensors[`${name}.weights`] = state[name].weights as Floats
    tensors[`${name}.first_moment`] = state[name].firstMoment as Floats
    tensors[`${name}.second_moment`] = state[name].secondMoment as Floats
  }
  for (const [name, { weights, firstMoment, secondMoment }] of Object.entries(state.extras)) {
    tensors[`extras.${name}.weights`] = weights as Floats
    tensors[`extras.${name}.first_moment`] = firstMoment as Floats
    tensors[`extras.${name}.second_moment`] = secondMoment as Floats
  }
  for (const [name, sums] of Object.entries(state.average ?? {})) tensors[`average.${name}`] = sums as Floats
  // Numbers go through JSON and back unchanged.
  return { json: { step: state.step, curve, memory: state.memory }, tensors }
}

export const TrainingState = Schema.Struct({
  step: Schema.Int,
  /** One array a figure. */
  curve: Schema.Record(Schema.String, Schema.Array(Schema.Finite)),
  memory: Schema.Record(Schema.String, Schema.Union([Schema.Finite, Schema.Array(Schema.Finite)]))
})

export const fromCheckpoint = ({
  json: { step, curve, memory },
  tensors
}: DecodedState<typeof TrainingState.Type>): { state: TrainerState; curve: CurveState } => {
  const own = Object.keys(tensors)
    .filter((name) => name.startsWith("extras.") && name.endsWith(".weights"))
    .map((name) => name.slice("extras.".length, -".weights".length))
  const averaged = Object.keys(tensors).filter((name) => name.startsWith("average."))
  const average = Object.fromEntries(averaged.map((name) => [name.slice("average.".length), tensors[name] as Floats]))
  const adam = (name: string): AdamState => ({
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
      extras: Object.fromEntries(own.map((name) => [name, adam(`extras.${name}`)])),
      silent: tensors["silent"] as Int32Array,
      memory,
      ...(averaged.length === 0 ? {} : { average })
    },
    curve: Object.fromEntries(Object.entries(curve).map(([name, values]) => [name, [...values]]))
  }
}
