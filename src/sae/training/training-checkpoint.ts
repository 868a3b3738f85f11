/** A trainer's state and its curve as a stage checkpoint, and back. */
import * as Schema from "effect/Schema"
import type { FloatBlocks } from "../../numeric/float-blocks.ts"
import type { CheckpointState, DecodedState } from "../../stage/checkpoint.ts"
import type { AdamState } from "../../tensor/adam/adam-state.ts"
import type { TrainerState } from "./sae-trainer.ts"
import type { CurveState } from "./training-curve.ts"

const names = ["W_enc", "b_enc", "W_dec", "b_dec"] as const

/** By the name of an array in the checkpoint. */
const stateArrays = { weights: "weights", first_moment: "firstMoment", second_moment: "secondMoment" } as const

export const toCheckpoint = (state: TrainerState<FloatBlocks>, curve: CurveState): CheckpointState => {
  const blocks: Record<string, FloatBlocks> = {}
  const add = (name: string, adam: AdamState<FloatBlocks>): void => {
    for (const [array, field] of Object.entries(stateArrays)) blocks[`${name}.${array}`] = adam[field]
  }
  for (const name of names) add(name, state[name])
  for (const [name, adam] of Object.entries(state.extras)) add(`extras.${name}`, adam)
  for (const [name, sums] of Object.entries(state.average ?? {})) blocks[`average.${name}`] = sums
  // Numbers go through JSON and back unchanged.
  return {
    json: { step: state.step, curve, memory: state.memory },
    tensors: { silent: Int32Array.from(state.silent) },
    blocks
  }
}

export const TrainingState = Schema.Struct({
  step: Schema.Int,
  /** One array a figure. */
  curve: Schema.Record(Schema.String, Schema.Array(Schema.Finite)),
  memory: Schema.Record(Schema.String, Schema.Union([Schema.Finite, Schema.Array(Schema.Finite)]))
})

export const fromCheckpoint = ({
  json: { step, curve, memory },
  tensors,
  blocks
}: DecodedState<typeof TrainingState.Type>): { state: TrainerState<FloatBlocks>; curve: CurveState } => {
  const own = Object.keys(blocks)
    .filter((name) => name.startsWith("extras.") && name.endsWith(".weights"))
    .map((name) => name.slice("extras.".length, -".weights".length))
  const averaged = Object.keys(blocks).filter((name) => name.startsWith("average."))
  const average = Object.fromEntries(
    averaged.map((name) => [name.slice("average.".length), blocks[name] as FloatBlocks])
  )
  const adam = (name: string): AdamState<FloatBlocks> => ({
    weights: blocks[`${name}.weights`] as FloatBlocks,
    firstMoment: blocks[`${name}.first_moment`] as FloatBlocks,
    secondMoment: blocks[`${name}.second_moment`] as FloatBlocks
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
