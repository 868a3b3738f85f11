/** What a capture saves on its way: how far it has come, and the state of its two files of rows. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ActivationsProbe } from "../kinds/activations/activations-handle.ts"
import { isAsWritten } from "../format/arrow/arrow-file-state.ts"
import { type RowSetState, SavedRowSet } from "../kinds/activations/write-activations.ts"
import { type Checkpoint, type CheckpointState, type DecodedState, loadState } from "../stage/checkpoint.ts"
import { NormSums } from "./norm-histogram.ts"

export const setNames = ["train", "held_out"] as const
export type SetName = (typeof setNames)[number]

/** A path of each set's rows, where they are written to a file that outlives a kill. */
export type SetFiles = Readonly<Record<SetName, string | undefined>>

const CaptureCounters = Schema.Struct({
  next: Schema.Int,
  masked: Schema.Int,
  sums: NormSums,
  probe: Schema.NullOr(ActivationsProbe),
  train: SavedRowSet,
  held_out: SavedRowSet
})
export type CaptureCounters = typeof CaptureCounters.Type
export type CaptureState = DecodedState<CaptureCounters>

/** The part of the state that is of one set. */
export const setStateOf = (state: CaptureState, name: SetName): RowSetState => ({
  json: state.json[name],
  tensors: Object.fromEntries(
    Object.entries(state.tensors).flatMap(([key, tensor]) =>
      key.startsWith(`${name}.`) ? [[key.slice(name.length + 1), tensor]] : []
    )
  )
})

/** The state to be saved; `setStateOf` takes it apart again. */
export const joinSetStates = (
  counters: Omit<CaptureCounters, SetName>,
  sets: Readonly<Record<SetName, RowSetState>>,
  tensors: CheckpointState["tensors"]
): CheckpointState => {
  const json: CaptureCounters = { ...counters, train: sets.train.json, held_out: sets.held_out.json }
  const named = setNames.flatMap((name) =>
    Object.entries(sets[name].tensors).map(([key, tensor]) => [`${name}.${key}`, tensor] as const)
  )
  return { json, tensors: { ...Object.fromEntries(named), ...tensors } }
}

/**
 * What was saved last, and the files that the rows are written to. There is no state where a file that it counts on is not
 * there, or is damaged.
 */
export const resumeCapture = Effect.fnUntraced(function* ({
  checkpoint,
  materialize,
  log
}: {
  readonly checkpoint?: Checkpoint
  readonly materialize: boolean
  readonly log: (line: string) => void
}) {
  const saved: CaptureState | undefined = yield* loadState(checkpoint, CaptureCounters)
  const fileOf = (name: SetName) =>
    materialize && checkpoint?.file !== undefined ? checkpoint.file(`${name}.arrow`) : Effect.succeed(undefined)
  const files: SetFiles = { train: yield* fileOf("train"), held_out: yield* fileOf("held_out") }
  for (const name of setNames) {
    const [file, written] = [files[name], saved?.json[name].arrow ?? null]
    if (written === null || written.position === 0) continue
    if (file !== undefined && (yield* Effect.promise(() => isAsWritten(file, written)))) continue
    log(
      `the ${written.position} bytes of ${name}.arrow that the checkpoint counts on are not there, or damaged: starting anew`
    )
    return { files, state: undefined }
  }
  return { files, state: saved }
})
