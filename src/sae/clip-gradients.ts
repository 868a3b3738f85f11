/** One limit on the norm of all gradients together, as torch.nn.utils.clip_grad_norm_ sets it. */
import * as tf from "@tensorflow/tfjs-core"

/** The gradients, scaled down together where their common norm is above the limit; disposes of what it replaces. */
export const clipGradients = (gradients: ReadonlyArray<tf.Tensor>, limit: number | null): Array<tf.Tensor> => {
  if (limit === null) return [...gradients]
  const squares = gradients.map((gradient) => tf.tidy(() => tf.sum(tf.square(gradient)).dataSync<"float32">()[0]))
  const norm = Math.sqrt(squares.reduce<number>((sum, square) => sum + (square as number), 0))
  if (!(norm > limit)) return [...gradients]
  return gradients.map((gradient) => {
    const scaled = tf.mul(gradient, limit / norm)
    gradient.dispose()
    return scaled
  })
}
