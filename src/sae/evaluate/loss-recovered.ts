/** The share of what an ablation costs the model that a reconstruction does not cost it. */
import { measured, type Unmeasured } from "../../stage/metric.ts"

/**
 * (ablated - with SAE) / (ablated - clean), of cross-entropies, or of divergences from the model as it is, where clean is 0.
 * Without a number where the ablation does not harm the model: there is no loss to recover.
 *
 * @param ablation what stands in the activation's place: "zeros at blocks.1.hook_resid_post"
 */
export const lossRecovered = (clean: number, withSae: number, ablated: number, ablation: string): number | Unmeasured =>
  ablated <= clean
    ? { unmeasured: `${ablation} do not harm the model` }
    : measured((ablated - withSae) / (ablated - clean), `a loss with the reconstruction, or ${ablation}, is not finite`)
