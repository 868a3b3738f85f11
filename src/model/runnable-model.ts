import type { ModelDescription } from "./decoder/architecture.ts"
import type { Run } from "./blocks/part.ts"
import type { ModelWeights } from "./blocks/weights.ts"

export interface RunnableBlock {
  readonly attention: Run
  readonly mlp: Run
}

/** A model ready to run; its tensors live until `dispose` (`loadModel` calls it when its scope closes). */
export interface RunnableModel extends Pick<
  ModelDescription,
  "info" | "norm" | "embeddingScale" | "residualScale" | "logitScale" | "logitCap"
> {
  /** Of all that is not a block's part. */
  readonly weights: ModelWeights
  readonly blocks: ReadonlyArray<RunnableBlock>
  readonly dispose: () => void
}
