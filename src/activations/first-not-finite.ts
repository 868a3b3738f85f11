/** Index of the first number that is NaN or infinite, -1 where all are finite. The usual answer costs one pass. */
export const firstNotFinite = (values: Float32Array): number => {
  let zero = 0
  for (let i = 0; i < values.length; i++) zero += (values[i] as number) - (values[i] as number)
  return zero === 0 ? -1 : values.findIndex((x) => !Number.isFinite(x))
}
