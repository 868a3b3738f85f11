import type { SharedOptions } from "../settings/shared-options.ts"

/** What the mean |x - x_hat|^2 is multiplied by in the loss. `variance` is that of the rows, in the scale of training. */
export const reconstructionWeight = (
  { reconstruction }: Pick<SharedOptions, "reconstruction">,
  variance: number,
  d_out: number
): number => (reconstruction === "sum" ? 1 : reconstruction === "mean" ? 1 / d_out : 1 / variance)
