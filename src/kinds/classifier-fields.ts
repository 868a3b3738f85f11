/** How well yes and no agree with the truth, as files state it: the four counts, and what follows from them. */
import * as Schema from "effect/Schema"

export const classifierFields = {
  true_positives: Schema.Int,
  false_positives: Schema.Int,
  false_negatives: Schema.Int,
  true_negatives: Schema.Int,
  precision: Schema.Finite,
  recall: Schema.Finite,
  f1: Schema.Finite,
  balanced_accuracy: Schema.Finite
}
const Fields = Schema.Struct(classifierFields)
export type ClassifierFields = typeof Fields.Type
