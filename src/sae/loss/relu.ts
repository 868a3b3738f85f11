/** The rectifier on the pairs of a batch. Loops, since `map` with a function takes several times as long. */

/** max(0, z) */
export const relu = (z: Float32Array): Float32Array<ArrayBuffer> => {
  const f = new Float32Array(z.length)
  for (let i = 0; i < f.length; i++) f[i] = Math.max(0, z[i] as number)
  return f
}

/** Gradient of z from that of f = relu(z). */
export const throughRelu = (f: Float32Array, gradient: Float32Array): Float32Array<ArrayBuffer> => {
  const result = new Float32Array(f.length)
  for (let i = 0; i < result.length; i++) result[i] = (f[i] as number) > 0 ? (gradient[i] as number) : 0
  return result
}
