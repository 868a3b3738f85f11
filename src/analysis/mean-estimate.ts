/** A mean as a metric: with its 95 % interval over what the values are of, or without a number where there are none. */
import { mean } from "../numeric/mean.ts"
import { meanInterval } from "../numeric/mean-interval.ts"
import * as Rng from "../random/rng.ts"
import { type Estimate, estimated, type Unmeasured } from "../stage/metric.ts"

/** @param none why there may be no value */
export const meanEstimate = (values: ReadonlyArray<number>, none: string): number | Estimate | Unmeasured => {
  if (values.length === 0) return { unmeasured: none }
  return estimated(mean(values), meanInterval(values, Rng.make(0, "intervals of a mean")))
}
