/** What the matrix products of a model's blocks are computed in; all between them, and sums, are f32. */
export const precisions = ["f32", "bf16"] as const
export type Precision = (typeof precisions)[number]
