/** A text of random tokens, and latents whose rule is known: what explanations must find. */
import type { Firings } from "../../src/interp/firings.ts"
import type { LatentProbe } from "../../src/interp/latent-probe.ts"
import { make } from "../../src/random/rng.ts"
import type { TokenStream } from "../../src/interp/token-stream.ts"
import { indexPositions, textStart } from "../../src/interp/token-stream.ts"

/** Activation for the tokens that end at `position`, of which those before `start` do not exist. */
export type Rule = (ids: ArrayLike<number>, position: number, start: number) => number

export const randomStream = (contexts: number, contextSize: number, vocabulary: number, seed: number): TokenStream => {
  const rng = make(seed, "planted text")
  // Token 0 is BOS and stands only at the start of each context.
  const ids = Int32Array.from({ length: contexts * contextSize }, (_, i) =>
    i % contextSize === 0 ? 0 : 1 + rng.int(vocabulary - 1)
  )
  return { ids, contextSize, leading: 1 }
}

export const textRows = (stream: TokenStream) =>
  indexPositions(
    stream,
    Int32Array.from({ length: stream.ids.length }, (_, i) => i).filter((i) => i % stream.contextSize !== 0)
  )

export const firingsOf = (rule: Rule, stream: TokenStream): Firings => {
  const rows = textRows(stream).positions
  const values = Float32Array.from(rows, (position) => rule(stream.ids, position, textStart(stream, position)))
  return { positions: rows.filter((_, i) => (values[i] as number) > 0), values: values.filter((value) => value > 0) }
}

/** Answers prompts by the rules themselves, and counts the tokens that it was asked about. */
export const probeOf = (rules: ReadonlyArray<Rule>): LatentProbe & { tokens: () => number } => {
  let tokens = 0
  const probe: LatentProbe = (prompts, length, latents) => {
    tokens += prompts.length
    return Float32Array.from(latents, (latent, i) =>
      (rules[latent] as Rule)(prompts.subarray(i * length, (i + 1) * length), length - 1, 0)
    )
  }
  return Object.assign(probe, { tokens: () => tokens })
}
