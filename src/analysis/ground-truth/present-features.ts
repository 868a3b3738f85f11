/** The features that a synthetic world has: no rows could teach those that it lacks (`absent` of make-synthetic). */
import type { SyntheticTruth } from "../../kinds/activations/synthetic-truth.ts"

/** @returns the truth of these alone, numbered anew, and the number that each had; parents that the world lacks are none */
export const presentFeatures = (
  truth: SyntheticTruth
): { readonly ids: ReadonlyArray<number>; readonly truth: SyntheticTruth } => {
  const { d_in: d, features, probabilities, feature, parent } = truth
  const ids = Array.from(probabilities.keys()).filter((id) => probabilities[id]! > 0)
  const place = new Map(ids.map((id, n) => [id, n]))
  const own = new Float32Array(ids.length * d)
  for (const [n, id] of ids.entries()) own.set(features.subarray(id * d, (id + 1) * d), n * d)
  return {
    ids,
    truth: {
      ...truth,
      features: own,
      probabilities: Float32Array.from(ids, (id) => probabilities[id]!),
      feature: Int32Array.from(feature, (id) => place.get(id)!),
      parent: parent === undefined ? undefined : Int32Array.from(ids, (id) => place.get(parent[id]!) ?? -1)
    }
  }
}
