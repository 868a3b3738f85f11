/** 1; then x * 1664525 + 1013904223 + step, in 32 bits: the state that an undisturbed count ends with. */
export const countedTo = (to: number): number => {
  const state = new Int32Array([1])
  for (let step = 0; step < to; step++) state[0] = Math.imul(state[0] as number, 1664525) + 1013904223 + step
  return state[0] as number
}
