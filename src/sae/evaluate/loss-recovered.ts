import { measured, type Unmeasured } from "../../stage/metric.ts"

/** Nats a token; a number is missing where it is not finite. */
export interface LossRecovered {
  readonly ce_sae: number | Unmeasured
  readonly ce_zero: number | Unmeasured
  /** (CE_zero - CE_sae) / (CE_zero - CE_clean); missing where zeros do not harm the model: there is no loss to recover. */
  readonly ce_recovered: number | Unmeasured
}

/** @param hook where the reconstruction, and the zeros, take the activation's place */
export const lossRecovered = (clean: number, withSae: number, zero: number, hook: string): LossRecovered => ({
  ce_sae: measured(withSae, `the model's cross-entropy with the reconstruction at ${hook} is not finite`),
  ce_zero: measured(zero, `the model's cross-entropy with zeros at ${hook} is not finite`),
  ce_recovered:
    zero <= clean
      ? { unmeasured: `zeros at ${hook} do not harm the model` }
      : measured((zero - withSae) / (zero - clean), `a cross-entropy with something else at ${hook} is not finite`)
})
