/** What can be known of a stage's inputs before it runs: which stages make them, and the results that are there. */
import type * as Effect from "effect/Effect"
import type { Metrics } from "../artifact/artifact.ts"
import type { Json } from "../json/canonical-json.ts"
import type { Input, Inputs } from "./input.ts"

/** A stage instance whose artifact is wired to an input. */
export interface Upstream<out Handle = unknown> {
  /** `sae[width=512,seed=0]` */
  readonly id: string
  readonly params: Readonly<Record<string, Json>>
  /** Of its result; where it has to run first, what its kind foresees, or undefined. */
  readonly metrics: Metrics | undefined
  /** Its artifact; undefined where there is none, or its bytes cannot be read. */
  readonly open: Effect.Effect<Handle | undefined>
}

type HandleOf<I> = I extends Input<infer _, infer Handle> ? Handle : never

/** By input; none where an optional one is left out. */
export type UpstreamOf<I extends Inputs> = { readonly [K in keyof I]: ReadonlyArray<Upstream<HandleOf<I[K]>>> }
