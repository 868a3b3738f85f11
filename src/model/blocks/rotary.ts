/**
 * Rotary position embedding (Su et al. 2021) in the half-rotation form of GPT-NeoX and Hugging Face: entry i of a head
 * is turned together with entry i + dims / 2.
 */
import * as tf from "@tensorflow/tfjs-core"

export interface Rotary {
  /** Leading entries of a head that are turned; even. */
  readonly dims: number
  /** Angle per position of each of the dims / 2 pairs, for a context of `time` tokens. */
  readonly frequencies: (time: number) => Float32Array
  /** What sines and cosines are multiplied with. */
  readonly factor: number
}

/** Of the positions of a pass, [time, dims / 2] each. */
export interface RotaryTables {
  readonly dims: number
  readonly cos: tf.Tensor2D
  readonly sin: tf.Tensor2D
}

/** Angles are rounded to f32 before their sine is taken, as the reference does: at position 8,000 that is 5e-4. */
export const rotaryTables = ({ dims, frequencies, factor }: Rotary, time: number, start = 0): RotaryTables => {
  const half = dims / 2
  const speed = frequencies(start + time)
  const cos = new Float32Array(time * half)
  const sin = new Float32Array(time * half)
  for (let t = 0; t < time; t++) {
    for (let i = 0; i < half; i++) {
      const angle = Math.fround((start + t) * (speed[i] as number))
      cos[t * half + i] = Math.fround(Math.cos(angle)) * factor
      sin[t * half + i] = Math.fround(Math.sin(angle)) * factor
    }
  }
  return { dims, cos: tf.tensor2d(cos, [time, half]), sin: tf.tensor2d(sin, [time, half]) }
}

/** Why keys of the first `from` tokens are not those of a context of `to`; undefined: they are. */
export const turnsOtherwise = ({ frequencies }: Rotary, from: number, to: number): string | undefined => {
  const [before, after] = [frequencies(from), frequencies(to)]
  return before.every((speed, i) => speed === after[i])
    ? undefined
    : `its keys turn otherwise in a context of ${to} tokens than in one of ${from}`
}

/** @param x [batch, heads, time, d_head] */
export const rotate = (x: tf.Tensor4D, { dims, cos, sin }: RotaryTables): tf.Tensor4D => {
  const d_head = x.shape[3]
  const half = dims / 2
  const part = (from: number, size: number): tf.Tensor4D => tf.slice(x, [0, 0, 0, from], [-1, -1, -1, size])
  const a = part(0, half)
  const b = part(half, half)
  const turned: Array<tf.Tensor4D> = [tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(b, cos), tf.mul(a, sin))]
  if (dims < d_head) turned.push(part(dims, d_head - dims))
  return tf.concat(turned, 3)
}
