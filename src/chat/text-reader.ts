/** A model of this program that reads: how likely it finds texts after a beginning, and what stands for them inside. */
import type * as Effect from "effect/Effect"
import type { StageFailed } from "../stage/stage-failed.ts"

export interface TextReader {
  /** Of each text after the beginning, the natural logarithm of its probability. */
  readonly logLikelihoods: (
    beginning: string,
    texts: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<number>, StageFailed>
  /** Of each text, [d_model]: the mean of its tokens' final normalised residual stream, the BOS left out. */
  readonly embeddings: (
    texts: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<ReadonlyArray<number>>, StageFailed>
}
