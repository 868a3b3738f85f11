import type { ModelDescription } from "./architecture.ts"
import type { ModelWeights } from "./weights.ts"

/** A model ready to run; its tensors live until `dispose` (`loadModel` calls it when its scope closes). */
export interface RunnableModel extends ModelDescription {
  readonly weights: ModelWeights
  readonly dispose: () => void
}
