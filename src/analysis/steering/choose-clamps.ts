/** Which latents are clamped, at what, and for which token, from firings on contexts that nothing is measured on. */
import * as Effect from "effect/Effect"
import * as Rng from "../../random/rng.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import type { Firing } from "../meta-sae/collect-firings.ts"
import type { EvaluationContext } from "../../sae/evaluate/evaluation-contexts.ts"
import { followingToken } from "./following-token.ts"

export interface ChosenClamp {
  readonly latent: number
  readonly target: number
  /** Largest activation, and how often it fires. */
  readonly largest: number
  readonly firings: number
}

export interface ClampChoice {
  /** Those asked for, or null for a sample. */
  readonly latents: ReadonlyArray<number> | null
  /** The target of all, or undefined for each latent's own. */
  readonly target: number | undefined
  readonly count: number
  readonly least: number
  readonly dense_above: number
  readonly seed: number
}

/** How often a token has to follow a latent's firings to be its target. */
const leastFollowing = 5

/**
 * Fails for a latent asked for that does not exist, does not fire, or has no target; and where a sample would be empty.
 *
 * @param firings of each latent, at tokens whose next one is to be predicted; there are `rows` such tokens
 */
export const chooseClamps = Effect.fnUntraced(function* (
  firings: ReadonlyArray<ReadonlyArray<Firing>>,
  rows: number,
  contexts: ReadonlyArray<EvaluationContext>,
  vocabulary: number,
  choice: ClampChoice
) {
  const all = new Uint32Array(vocabulary)
  for (const { ids, counted } of contexts) {
    for (const [position, counts] of counted.entries()) if (counts === 1) all[ids[position + 1]!]! += 1
  }
  const targetOf = (latent: number): number | undefined => {
    if (choice.target !== undefined) return choice.target
    const after = new Map<number, number>()
    for (const { context, position } of firings[latent]!) {
      const next = contexts[context]!.ids[position + 1]!
      after.set(next, (after.get(next) ?? 0) + 1)
    }
    return followingToken(after, all, leastFollowing)
  }
  const clampOf = (latent: number, target: number): ChosenClamp => ({
    latent,
    target,
    largest: firings[latent]!.reduce((most, { activation }) => Math.max(most, activation), 0),
    firings: firings[latent]!.length
  })
  if (choice.latents !== null) {
    return yield* Effect.forEach(choice.latents, (latent) => {
      if (latent >= firings.length) {
        return Effect.fail(
          stageFailed(`there is no latent ${latent}: the SAE has ${firings.length}`, "Name latents that it has.")
        )
      }
      const target = targetOf(latent)
      if (firings[latent]!.length === 0 || target === undefined) {
        const what =
          target === undefined && firings[latent]!.length > 0 ? "has no token that follows it" : "never fires"
        return Effect.fail(
          stageFailed(`latent ${latent} ${what} on the ${rows} tokens looked at`, "Raise contexts, or give a target.")
        )
      }
      return Effect.succeed(clampOf(latent, target))
    })
  }
  const clamps: Array<ChosenClamp> = []
  for (const latent of Rng.make(choice.seed, "latents that are clamped").permutation(firings.length)) {
    if (clamps.length === choice.count) break
    const often = firings[latent]!.length
    if (often < choice.least || often > choice.dense_above * rows) continue
    const target = targetOf(latent)
    if (target !== undefined) clamps.push(clampOf(latent, target))
  }
  if (clamps.length > 0) return clamps
  return yield* stageFailed(
    `no latent fires on at least ${choice.least} of ${rows} held-out tokens, on at most ${choice.dense_above * 100} % of them, and is followed by some token more often than by chance`,
    "Raise contexts or dense_above, lower least, or name latents."
  )
})
