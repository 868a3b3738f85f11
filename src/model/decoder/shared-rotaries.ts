/** The tables by which the layers of one model turn queries and keys: layers that are turned alike share theirs. */
import * as Effect from "effect/Effect"
import type { Rotary } from "../blocks/rotary.ts"
import type { ModelError } from "./model-error.ts"
import { ignoredShare, type Rope, type RotaryConfig, rotaryFor } from "./rotary-config.ts"
import { contextStretch } from "./rotary-parameters.ts"

export interface SharedRotaries {
  /** @param width of a head */
  readonly of: (rope: Rope, width: number) => Effect.Effect<Rotary, ModelError>
  /** How far the contexts of the tables made so far reach beyond those of config.json, as a factor. */
  readonly stretch: () => number
  /** What people are told of the tables made so far. */
  readonly warnings: () => ReadonlyArray<string>
}

/** @param partial whether the family may turn a part of each head */
export const sharedRotaries = (config: RotaryConfig, partial: boolean): SharedRotaries => {
  const tables = new Map<string, Rotary>()
  const warnings = new Set<string>()
  let stretch = 1
  return {
    of: Effect.fnUntraced(function* (rope, width) {
      const key = JSON.stringify([rope, width])
      const found = tables.get(key)
      if (found !== undefined) return found
      const facts = {
        d_head: width,
        context: config.max_position_embeddings,
        share: config.partial_rotary_factor ?? 1,
        partial
      }
      const rotary = yield* rotaryFor(rope, facts)
      tables.set(key, rotary)
      const share = ignoredShare(rope, facts)
      if (share !== undefined) {
        warnings.add(
          `partial_rotary_factor ${String(share)} of config.json is not looked at: whole heads are turned, as in the reference library`
        )
      }
      stretch = Math.max(stretch, contextStretch(rope.fields))
      return rotary
    }),
    stretch: () => stretch,
    warnings: () => [...warnings]
  }
}
