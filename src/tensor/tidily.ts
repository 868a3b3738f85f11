import * as tf from "@tensorflow/tfjs-core"

/** Reads what a tidied computation tells: no tensors come out of it. */
export const tidily = <A>(read: () => A): A => {
  const out: { told?: A } = {}
  tf.tidy(() => {
    out.told = read()
  })
  return out.told as A
}
