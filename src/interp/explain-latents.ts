/**
 * Neuron to Graph without its language-model-made substitutes: explains latents by token patterns, from firings on
 * training text and the model's answers to pruned and masked prompts.
 *
 * Source: Foote et al. 2023 (arXiv 2304.12918) and the reference code albertsgarde/Neuron2Graph. Two things differ.
 * Substitutes come not from DistilBERT but from the text: first the tokens on which the latent fires most are tried
 * alone, and further rounds explain firings that the patterns found so far miss. And of all patterns those are kept
 * that together predict the training text best (`select-patterns.ts`). Neither looks at held-out text.
 */
import type { Rng } from "../random/rng.ts"
import { make as makeRng } from "../random/rng.ts"
import { chooseFirings } from "./choose-firings.ts"
import type { Firings } from "./firings.ts"
import { firingPositions } from "./firings.ts"
import type { LatentProbe } from "./latent-probe.ts"
import type { PrunedFiring } from "./prune-context.ts"
import { pruneContexts } from "./prune-context.ts"
import type { MeasuredPattern } from "./select-patterns.ts"
import { measurePattern, selectPatterns } from "./select-patterns.ts"
import { tokenImportances } from "./token-importance.ts"
import type { PositionIndex, TokenStream } from "./token-stream.ts"
import type { TokenPattern } from "./token-trie.ts"
import { makeTrie, wildcard } from "./token-trie.ts"

export interface LatentToExplain {
  readonly latent: number
  /** Largest activation on the training rows. */
  readonly max: number
  readonly firings: Firings
}

export interface ExplainOptions {
  /** Activating tokens tried alone, before any round: those with the most firings. */
  readonly singleTokens: number
  /** Firings explained in each round; those of the first round are the strongest. */
  readonly examples: number
  readonly rounds: number
  /** Share of the maximum from which on the latent counts as firing. */
  readonly fireThreshold: number
  /** Longest pruned prompt, in tokens. */
  readonly longestPrompt: number
  /** Share of the activation that a pruned prompt must keep. */
  readonly keep: number
  /** Tokens of at least this importance stand in the pattern, the others become wildcards. */
  readonly importance: number
  readonly maskSamples: number
  readonly seed: number
  readonly drawToken: (rng: Rng) => number
}

/** Right to left; wildcards on the far left say nothing and are cut off. */
const patternOf = (
  { prompt, promptActivation }: PrunedFiring,
  importances: Float64Array,
  max: number,
  importance: number
): TokenPattern => {
  const steps = Array.from(prompt, (token, t) => ((importances[t] as number) >= importance ? token : wildcard))
  // A pattern of wildcards alone would match everywhere: the activating token always says something.
  if (steps.every((step) => step === wildcard)) steps[steps.length - 1] = prompt.at(-1) as number
  const first = steps.findIndex((step) => step !== wildcard)
  return { steps: steps.slice(first).toReversed(), activation: Math.min(1, promptActivation / max) }
}

/** Patterns of each latent, most matches first. What they are does not depend on which other latents are asked for. */
export const explainLatents = (
  probe: LatentProbe,
  stream: TokenStream,
  index: PositionIndex,
  latents: ReadonlyArray<LatentToExplain>,
  options: ExplainOptions
): ReadonlyArray<ReadonlyArray<MeasuredPattern>> => {
  const states = latents.map((task) => ({
    task,
    rng: makeRng(options.seed, `explain latent ${task.latent}`),
    threshold: options.fireThreshold * task.max,
    firing: new Set(firingPositions(task.firings, options.fireThreshold * task.max)),
    known: new Map<string, MeasuredPattern>()
  }))
  const learn = (state: (typeof states)[number], pattern: TokenPattern): void => {
    // The reference keeps nodes of at least half the maximum: weaker ones would not predict a firing.
    if (pattern.activation < options.fireThreshold) return
    const key = pattern.steps.join(" ")
    const known = state.known.get(key)
    if (known === undefined) {
      state.known.set(key, measurePattern(stream, index, state.firing, pattern))
    } else if (known.activation < pattern.activation) {
      state.known.set(key, { ...known, activation: pattern.activation })
    }
  }

  const alone = states.flatMap((state) =>
    frequentTokens(stream, state.firing, options.singleTokens).map((token) => ({ state, token }))
  )
  const singles = probe(
    Int32Array.from(alone, ({ token }) => token),
    1,
    Int32Array.from(alone, ({ state }) => state.task.latent)
  )
  for (const [i, { state, token }] of alone.entries()) {
    learn(state, { steps: [token], activation: Math.min(1, (singles[i] as number) / state.task.max) })
  }

  for (let round = 0; round < options.rounds; round++) {
    const chosen = states.flatMap((state) =>
      chooseFirings(
        stream,
        state.task.latent,
        state.task.firings,
        makeTrie(selectPatterns(state.known.values(), state.firing)),
        options.fireThreshold,
        state.rng,
        { count: options.examples, threshold: state.threshold, strongest: round === 0 }
      ).map((firing) => ({ firing, state }))
    )
    const stateOf = new Map(chosen.map(({ firing, state }) => [`${firing.latent} ${firing.position}`, state]))
    const pruned = pruneContexts(
      probe,
      stream,
      chosen.map(({ firing }) => firing),
      { keep: options.keep, longest: options.longestPrompt }
    )
    const rngs = pruned.map(({ latent, position }) =>
      makeRng(options.seed, `mask latent ${latent} position ${position}`)
    )
    const importances = tokenImportances(probe, pruned, rngs, options)
    for (const [i, firing] of pruned.entries()) {
      const state = stateOf.get(`${firing.latent} ${firing.position}`)
      if (state === undefined) continue
      learn(state, patternOf(firing, importances[i] as Float64Array, state.task.max, options.importance))
    }
  }
  return states.map((state) =>
    selectPatterns(state.known.values(), state.firing).toSorted((a, b) => b.positions.length - a.positions.length)
  )
}

/** The tokens at most of the positions, most frequent first; of equal ones the lower id. */
const frequentTokens = (stream: TokenStream, positions: Iterable<number>, count: number): ReadonlyArray<number> => {
  const counts = new Map<number, number>()
  for (const position of positions) {
    const token = stream.ids[position] as number
    counts.set(token, (counts.get(token) ?? 0) + 1)
  }
  return [...counts]
    .toSorted((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, count)
    .map(([token]) => token)
}
