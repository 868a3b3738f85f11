/**
 * Which tokens latents promote and suppress, by their logit weights or by what the model says next where they are raised ("output-centric"
 * descriptions: VocabProj and TokenChange of Gur-Arieh et al. 2501.08319).
 */
import * as Effect from "effect/Effect"
import type { RunnableModel } from "../../model/run-model.ts"
import { breathe } from "../../stage/breathe.ts"
import { type StageFailed, stageFailed } from "../../stage/stage-failed.ts"
import { decoderLogits } from "../decoder-logits.ts"
import type { DecoderDirections } from "../dictionary.ts"
import type { LogitWeights } from "../logit-weights.ts"
import type { LatentSample } from "../sample-latents.ts"
import { type SteeredTexts, steeredTokens } from "./steered-tokens.ts"

/** Of each latent of the sample. */
export type OutputTokens = (
  sample: Pick<LatentSample, "latents" | "stream" | "trainPositions">
) => Effect.Effect<ReadonlyArray<LogitWeights>, StageFailed>

export interface OutputOptions {
  readonly by: "logits" | "steering"
  /** Tokens listed on each side. */
  readonly count: number
  /** What is added of a latent's direction, in its largest activations. */
  readonly multiple: number
}

/** Contexts of the training text that latents are raised on, and their tokens at most. */
const [steeredContexts, steeredLength] = [8, 64]

/** Spread over the text. */
const steeredTexts = ({ stream, trainPositions }: Parameters<OutputTokens>[0]): SteeredTexts => {
  const { contextSize, ids, leading } = stream
  const contexts = [...new Set(trainPositions.map((position) => Math.floor(position / contextSize)))]
  const batch = Math.min(steeredContexts, contexts.length)
  const time = Math.min(contextSize, steeredLength)
  const chosen = Int32Array.from({ length: batch * time }, (_, i) => {
    const context = contexts[Math.floor((Math.floor(i / time) * contexts.length) / batch)] as number
    return ids[context * contextSize + (i % time)] as number
  })
  return { ids: chosen, batch, time, leading }
}

export const outputTokens =
  (model: RunnableModel, writes: DecoderDirections | undefined, { by, count, multiple }: OutputOptions): OutputTokens =>
  (sample) =>
    Effect.gen(function* () {
      if (writes === undefined) {
        return yield* stageFailed("where the latents write is not known", "Explain from examples.")
      }
      const { latents } = sample
      if (by === "logits") {
        const weights = decoderLogits(
          model,
          writes,
          latents.map(({ latent }) => latent),
          count
        )
        if (weights !== undefined) return weights
        return yield* stageFailed(
          `${writes.hook} is no part of the residual stream: its latents reach the logits through other layers alone`,
          "Explain from steering, or from examples."
        )
      }
      const steered = yield* Effect.acquireRelease(
        Effect.sync(() => steeredTokens(model, writes, steeredTexts(sample), count)),
        ({ end }) => Effect.sync(end)
      )
      return yield* Effect.forEach(latents, ({ latent, max }) => Effect.as(breathe, steered.of(latent, multiple * max)))
    }).pipe(Effect.scoped)
