/** Answers of a stage by what was asked, saved with its checkpoints: a run that was killed asks nothing twice. */
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import { type Checkpoint, loadState } from "../stage/checkpoint.ts"

export interface AnsweredBefore {
  /** The known answer of that form, or else a new one, which is kept. `known` is called where it was known. */
  readonly answered: <A, E>(
    schema: Schema.Codec<A, Schema.Json>,
    asked: unknown,
    answer: Effect.Effect<A, E>,
    known?: () => void
  ) => Effect.Effect<A, E | ArtifactError>
  /** Saves what is known, due or not. */
  readonly save: Effect.Effect<void, ArtifactError>
}

const Answers = Schema.Record(Schema.String, Schema.Json)

export const answeredBefore = Effect.fn("answeredBefore")(function* (checkpoint: Checkpoint) {
  const answers = new Map(Object.entries((yield* loadState(checkpoint, Answers))?.json ?? {}))
  // One after the other: whoever answers at once would save at once, too.
  const turn = yield* Semaphore.make(1)
  const state = () => ({ json: Object.fromEntries(answers), tensors: {} })
  const save = Effect.suspend(() => checkpoint.save(state())).pipe(turn.withPermits(1))
  const saved = Effect.suspend(() => (checkpoint.due() ? checkpoint.save(state()) : Effect.void)).pipe(
    turn.withPermits(1)
  )
  const answered: AnsweredBefore["answered"] = Effect.fnUntraced(function* (schema, asked, answer, known) {
    const name = createHash("sha256").update(JSON.stringify(asked)).digest("hex")
    const before = Option.getOrUndefined(Schema.decodeUnknownOption(schema)(answers.get(name)))
    if (before !== undefined) {
      known?.()
      return before
    }
    const given = yield* answer
    answers.set(name, Schema.encodeSync(schema)(given))
    yield* saved
    return given
  })
  return { answered, save } satisfies AnsweredBefore
})
