/** Keeps values within a cap, smoothly: cap * tanh(x / cap) (Gemma 2). */
import * as tf from "@tensorflow/tfjs-core"

export const softCap = <T extends tf.Tensor>(x: T, cap: number | undefined): T =>
  cap === undefined ? x : tf.mul(tf.tanh(tf.div(x, cap)), cap)
