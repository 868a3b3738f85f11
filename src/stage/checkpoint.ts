/** What a long stage saves on its way, so that a kill costs it little. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { FloatBlocks } from "../numeric/float-blocks.ts"
import type { Json } from "../json/canonical-json.ts"

/** State of a long stage: JSON for counters, typed arrays for the rest. Saved under the stage's key. */
export interface CheckpointState {
  readonly json: Json
  readonly tensors: Readonly<
    Record<string, Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>
  >
  /**
   * Arrays too large for a copy of them: saved, and given back, a block at a time. Those of a state that was loaded can be read
   * until another one is saved.
   */
  readonly blocks?: Readonly<Record<string, FloatBlocks>>
}

export interface Checkpoint {
  /** What an earlier, interrupted attempt of the same key saved last; undefined at a fresh start. */
  readonly load: Effect.Effect<CheckpointState | undefined, ArtifactError>
  /** True when enough time has passed since the last save to pay for another, and none is being written. */
  readonly due: () => boolean
  /** True when the run is to stop: nothing more is begun that costs something, and what is under way ends. Absent: never. */
  readonly stopping?: () => boolean
  /** Atomic: after a kill at any moment, `load` gives either the earlier state or this one. */
  readonly save: (state: CheckpointState) => Effect.Effect<void, ArtifactError>
  /**
   * `save` for a stage that goes on meanwhile: returns once the state has been read, when it may change again; what it gives waits
   * until the state is safe, or fails where it cannot be saved: to be asked before the stage ends. A save waits until earlier ones
   * have ended. Absent: only `save`.
   */
  readonly begin?: (state: CheckpointState) => Effect.Effect<Effect.Effect<void, ArtifactError>, ArtifactError>
  /**
   * Path of a file that outlives a kill, for output too large to be saved again and again: a state says how much of it
   * counts (write, sync, then save), and whoever goes on cuts off the rest. Ask after `load`. A file that the state knows
   * and that is not there any more is the caller's to notice. Absent: this stage cannot go on from files.
   */
  readonly file?: (name: string) => Effect.Effect<string, ArtifactError>
}

export interface DecodedState<A> {
  readonly json: A
  readonly tensors: CheckpointState["tensors"]
  readonly blocks: Readonly<Record<string, FloatBlocks>>
}

/** The tensors that are f32. */
export const floatTensors = (
  tensors: CheckpointState["tensors"]
): Readonly<Record<string, Float32Array<ArrayBuffer>>> =>
  Object.fromEntries(
    Object.entries(tensors).flatMap(([name, one]) => (one instanceof Float32Array ? [[name, one]] : []))
  )

/** The last state, its JSON as `schema` has it; one of another form, as other code may have saved it, is none. */
export const loadState = <A>(
  checkpoint: Pick<Checkpoint, "load"> | undefined,
  schema: Schema.Codec<A>
): Effect.Effect<DecodedState<A> | undefined, ArtifactError> =>
  Effect.map(checkpoint?.load ?? Effect.succeed(undefined), (state) => {
    if (state === undefined) return undefined
    const json = Schema.decodeUnknownOption(schema)(state.json)
    return Option.isSome(json) ? { json: json.value, tensors: state.tensors, blocks: state.blocks ?? {} } : undefined
  })
