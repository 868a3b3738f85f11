import type { ModelDescription } from "./decoder/architecture.ts"
import type { Run } from "./blocks/part.ts"
import type { HeadedWeights, ModelWeights } from "./blocks/weights.ts"

export interface RunnableBlock {
  readonly attention: Run
  readonly mlp: Run
  /** Adds to the residual stream what comes after the MLP. */
  readonly after: Run | undefined
}

/**
 * A model that gives activations, with a head or without one; its tensors live until `dispose` (`loadBody` calls it when
 * its scope closes).
 */
export interface ModelBody extends Pick<
  ModelDescription,
  "info" | "norm" | "embeddingScale" | "residualScale" | "logitScale" | "logitCap"
> {
  /** Of all that is not a block's part. */
  readonly weights: ModelWeights
  readonly blocks: ReadonlyArray<RunnableBlock>
  /** Some part reads more than the residual stream, so that every pass begins with the tokens. */
  readonly needsBeginning: boolean
  /** As that of a part, with the layer. */
  readonly breaks: (from: number, to: number) => string | undefined
  readonly dispose: () => void
}

/** A model that gives logits too. */
export interface RunnableModel extends ModelBody {
  readonly weights: HeadedWeights
}

export const isRunnable = (model: ModelBody): model is RunnableModel => model.weights.unembedding !== undefined
