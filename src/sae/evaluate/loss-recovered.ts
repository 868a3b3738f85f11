/** The share of what an ablation costs the model that a reconstruction does not cost it. */
import type { Interval } from "../../numeric/bootstrap.ts"
import { measured, type Unmeasured } from "../../stage/metric.ts"

/**
 * (ablated - with SAE) / (ablated - clean), of cross-entropies, or of divergences from the model as it is, where clean is 0.
 * Without a number where the ablation does not harm the model, or by no more than its noise: there is no loss to recover, and
 * a share of what may be nothing is any number.
 *
 * @param ablation what stands in the activation's place: "zeros at blocks.1.hook_resid_post"
 * @param harm 95 % interval of ablated - clean, where there is one
 */
export const lossRecovered = (
  clean: number,
  withSae: number,
  ablated: number,
  ablation: string,
  harm?: Interval
): number | Unmeasured =>
  ablated <= clean || (harm !== undefined && harm.low <= 0)
    ? { unmeasured: `${ablation} do not harm the model${ablated > clean ? " by more than its noise" : ""}` }
    : measured((ablated - withSae) / (ablated - clean), `a loss with the reconstruction, or ${ablation}, is not finite`)
