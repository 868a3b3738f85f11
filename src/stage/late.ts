/** A function of a module that is loaded when it is first called: the head reads what a kind declares, and runs nothing. */
import * as Effect from "effect/Effect"

/** `run: late(() => import(ITS_MODULE), (module) => module.evaluateSae)` */
export const late =
  <Module, Arguments extends ReadonlyArray<unknown>, A, E, R>(
    load: () => Promise<Module>,
    choose: (module: Module) => (...args: Arguments) => Effect.Effect<A, E, R>
  ) =>
  (...args: Arguments): Effect.Effect<A, E, R> =>
    Effect.flatMap(Effect.promise(load), (module) => choose(module)(...args))
