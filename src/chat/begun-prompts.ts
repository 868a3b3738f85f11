/** Beginnings of prompts that a model has run: the latest ones, so that questions which share one run it once. */
import * as Effect from "effect/Effect"
import type { KeptPrefix } from "../model/blocks/kept-prefix.ts"
import { runModel } from "../model/run-model.ts"
import type { RunnableModel } from "../model/runnable-model.ts"

/** More than the beginnings of latents that are asked about at once: each has its own explanation and another's. */
const held = 16

/** What was kept of `tokens`; lives until 16 others have been asked for, or the scope closes. */
export type BegunPrompts = (tokens: ReadonlyArray<number>) => KeptPrefix | undefined

export const begunPrompts = (model: RunnableModel) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Map<string, KeptPrefix>()),
      (begun) =>
        Effect.sync(() => {
          for (const kept of begun.values()) kept.dispose()
        })
    ),
    (begun): BegunPrompts =>
      (tokens) => {
        if (tokens.length === 0) return undefined
        const name = tokens.join(" ")
        const known = begun.get(name)
        const kept =
          known ?? runModel(model, { ids: Int32Array.from(tokens), batch: 1, time: tokens.length }, { keep: true }).kept
        if (kept === undefined) return undefined
        // Asked for last, it stands last.
        begun.delete(name)
        begun.set(name, kept)
        for (const [oldest, own] of begun) {
          if (begun.size <= held) break
          begun.delete(oldest)
          own.dispose()
        }
        return kept
      }
  )
