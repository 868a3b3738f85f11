/** A command whose code is read when it runs, so that `--help` and usage errors are quick. */
import * as Effect from "effect/Effect"

/** Imports what a command does when it runs. */
export const late =
  <Input, A, E, R>(load: () => Promise<(input: Input) => Effect.Effect<A, E, R>>) =>
  (input: Input): Effect.Effect<A, E, R> =>
    Effect.flatMap(Effect.promise(load), (command) => command(input))
