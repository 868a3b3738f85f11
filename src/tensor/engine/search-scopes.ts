/**
 * tfjs searches what a scope (`tf.tidy`) returns for tensors that must live on, and takes typed arrays for containers: it visits every
 * number and puts it into a set, which costs seconds for a block of logits. Here arrays of numbers are passed over.
 */
import * as tf from "@tensorflow/tfjs-core"

const tensorsIn = (value: unknown, found: Array<tf.Tensor>, seen: Set<object>): Array<tf.Tensor> => {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || seen.has(value)) return found
  seen.add(value)
  if (value instanceof tf.Tensor) found.push(value)
  else for (const part of Object.values(value)) tensorsIn(part, found, seen)
  return found
}

/** For the engine of this process, from now on. */
export const searchScopesForTensors = (): void => {
  const engine = tf.engine()
  const end = engine.endScope.bind(engine)
  engine.endScope = (result) => end(tensorsIn(result, [], new Set()))
}
