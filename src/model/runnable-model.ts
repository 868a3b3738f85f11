import type { ModelDescription } from "./decoder/architecture.ts"
import type { ModelWeights } from "./blocks/weights.ts"

/** A model ready to run; its tensors live until `dispose` (`loadModel` calls it when its scope closes). */
export interface RunnableModel extends ModelDescription {
  readonly weights: ModelWeights
  readonly dispose: () => void
}
