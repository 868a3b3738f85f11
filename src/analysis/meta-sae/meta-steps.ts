/** Training steps on decoder rows, where none are given: 100 epochs, at least 400. */
export const metaSteps = (given: number | null, d_sae: number, batch_rows: number): number =>
  given ?? Math.max(400, 100 * Math.ceil(d_sae / Math.min(batch_rows, d_sae)))
