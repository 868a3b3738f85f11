/**
 * What a pass keeps of the tokens that it has seen (keys and values of attention, the state of what stands in its place), so that
 * a pass of the tokens after them need not begin with the first. Begun there, it gives what the whole pass gives, but for the
 * order of sums in f32.
 */
import * as tf from "@tensorflow/tfjs-core"

/** What one layer keeps, by name; batch first. */
export type Kept = Readonly<Record<string, tf.Tensor>>

export interface KeptPrefix {
  readonly batch: number
  /** Tokens of each context. */
  readonly time: number
  /** By layer; undefined where the pass did not come to it. */
  readonly layers: ReadonlyArray<Kept | undefined>
  /** The tensors are the caller's. */
  readonly dispose: () => void
}

/** Each of a tensor's contexts `times` times in a row. */
const repeated = (x: tf.Tensor, times: number): tf.Tensor => {
  const [batch, ...rest] = x.shape
  if (times === 1) return x
  return tf.reshape(tf.tile(tf.reshape(x, [batch as number, 1, ...rest]), [1, times, ...rest.map(() => 1)]), [
    (batch as number) * times,
    ...rest
  ])
}

/**
 * What a layer kept, for a pass of `batch` contexts: each context of the prefix is followed by as many of them, in a row. Call in
 * a tidy.
 */
export const ofContexts = (kept: Kept, prefix: KeptPrefix, batch: number): Kept =>
  Object.fromEntries(Object.entries(kept).map(([name, x]) => [name, repeated(x, batch / prefix.batch)]))

export const makeKeptPrefix = (batch: number, time: number, layers: ReadonlyArray<Kept | undefined>): KeptPrefix => ({
  batch,
  time,
  layers,
  dispose: () => tf.dispose(layers.flatMap((kept) => (kept === undefined ? [] : Object.values(kept))))
})
