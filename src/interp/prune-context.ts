/**
 * Neuron to Graph, step 1: the shortest left context with which a latent still fires as it did.
 *
 * Source: Foote et al. 2023 (arXiv 2304.12918), section 3: the context grows leftwards from the pivot until the
 * activation reaches half of the original. The model is causal, so nothing to the right of the pivot is needed.
 */
import type { LatentProbe } from "./latent-probe.ts"
import type { TokenStream } from "./token-stream.ts"
import { textStart } from "./token-stream.ts"

/** A firing to explain: the latent, the position of the activating token, the activation there. */
export interface Firing {
  readonly latent: number
  readonly position: number
  readonly activation: number
}

export interface PrunedFiring extends Firing {
  /** Ids of the shortest prompt, the activating token last. */
  readonly prompt: Int32Array<ArrayBuffer>
  /** Activation at the end of that prompt. */
  readonly promptActivation: number
}

/** Lengths tried, one batch each: all short ones, then in steps of about a quarter. */
const lengthsUpTo = (longest: number): ReadonlyArray<number> => {
  const lengths: Array<number> = []
  for (let length = 1; length < longest; length = Math.max(length + 1, Math.floor(length * 1.25))) lengths.push(length)
  return [...lengths, longest]
}

export interface PruneOptions {
  /** Share of the activation that a prompt must reach. */
  readonly keep: number
  /** Longest prompt tried, in tokens. */
  readonly longest: number
}

/**
 * Firings that no prompt of at most `longest` tokens reproduces are left out: they depend on more than the last
 * tokens (their place in the context, say), and a token pattern cannot express them.
 */
export const pruneContexts = (
  probe: LatentProbe,
  stream: TokenStream,
  firings: ReadonlyArray<Firing>,
  { keep, longest }: PruneOptions
): ReadonlyArray<PrunedFiring> => {
  const pruned = new Map<Firing, PrunedFiring>()
  let open: ReadonlyArray<Firing> = firings
  for (const length of lengthsUpTo(longest)) {
    open = open.filter((firing) => firing.position - length + 1 >= textStart(stream, firing.position))
    if (open.length === 0) break
    const prompts = new Int32Array(open.length * length)
    for (const [i, { position }] of open.entries()) {
      prompts.set(stream.ids.subarray(position - length + 1, position + 1), i * length)
    }
    const activations = probe(
      prompts,
      length,
      Int32Array.from(open, (firing) => firing.latent)
    )
    for (const [i, firing] of open.entries()) {
      const promptActivation = activations[i] as number
      if (promptActivation < keep * firing.activation) continue
      pruned.set(firing, { ...firing, prompt: prompts.slice(i * length, (i + 1) * length), promptActivation })
    }
    open = open.filter((firing) => !pruned.has(firing))
  }
  return firings.flatMap((firing) => pruned.get(firing) ?? [])
}
