/** Whether directions of two SAEs lie in one space: decoder rows of other places, or of other models, have no cosine that means anything. */
import * as Effect from "effect/Effect"
import type { SaeHandle } from "../kinds/sae/sae-handle.ts"
import { stageFailed, type StageFailed } from "../stage/stage-failed.ts"

type Site = Pick<SaeHandle, "rows" | "hook" | "model" | "d_in">

/** Undefined where both were trained on one model, or where that is not known. */
export const otherModels = (
  a: Pick<Site, "model">,
  b: Pick<Site, "model">,
  [first, second]: readonly [string, string]
): string | undefined =>
  a.model === null || b.model === null || a.model === b.model
    ? undefined
    : `${first} was trained on model ${a.model.slice(0, 8)}, ${second} on model ${b.model.slice(0, 8)}`

/** What is to be said before cosines of decoder rows of SAEs of several models or hooks are read; nothing where all are of one. */
export const otherSpaces = (saes: ReadonlyArray<Pick<Site, "model" | "hook">>): ReadonlyArray<string> => {
  const hooks = [...new Set(saes.flatMap(({ hook }) => hook ?? []))]
  const models = new Set(saes.flatMap(({ model }) => model ?? []))
  return [
    ...(models.size > 1
      ? [
          `the SAEs were trained on ${models.size} models: cosines of their directions mean something only where one of these was trained on from another; else read how their activations correlate`
        ]
      : []),
    ...(hooks.length > 1
      ? [
          `the SAEs are of ${hooks.join(" and ")}: cosines of their directions mean something only where these are places of one space, as of the residual stream; else give SAEs of one hook`
        ]
      : [])
  ]
}

/** @param names what they are called in messages */
export const requireSameSite = (
  a: Site,
  b: Site,
  names: readonly [string, string]
): Effect.Effect<void, StageFailed> => {
  const [first, second] = names
  const models = otherModels(a, b, names)
  const problem = [a, b].some(({ rows }) => rows !== "activations")
    ? `${a.rows === "activations" ? second : first} is no SAE of activations`
    : a.hook !== null && b.hook !== null && a.hook !== b.hook
      ? `${first} was trained at ${a.hook}, ${second} at ${b.hook}`
      : (models ?? (a.d_in === b.d_in ? undefined : `${first} reads rows of ${a.d_in} numbers, ${second} of ${b.d_in}`))
  return problem === undefined
    ? Effect.void
    : Effect.fail(stageFailed(problem, "Give SAEs of activations of one model and one hook."))
}
