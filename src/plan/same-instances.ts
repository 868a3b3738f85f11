/**
 * Instances of a stage that compute the same, because nothing that they are given takes the axis in which they differ.
 *
 * They are one result under several names: a mean over them is that of one, and its interval has no width.
 */
import { canonicalJson } from "../json/canonical-json.ts"
import type { StageDeclaration } from "../specification/declaration.ts"
import type { Problem } from "../specification/problem.ts"
import type { StageInstance } from "./stage-instance.ts"

export interface SameInstances {
  /** An axis has the name of a parameter that the stage leaves at its default: it was meant to be given. */
  readonly problems: ReadonlyArray<Problem>
  /** `--set` may make instances the same for a try, and a stage below may read the coordinate. */
  readonly notes: ReadonlyArray<Problem>
}

/** The first two of a stage's instances that compute the same. */
const firstTwo = (instances: ReadonlyArray<StageInstance>): readonly [StageInstance, StageInstance] | undefined => {
  const seen = new Map<string, StageInstance>()
  for (const instance of instances) {
    const { params, sources, inputs } = instance
    const given = canonicalJson([params, sources, inputs])
    const same = seen.get(given)
    if (same !== undefined) return [same, instance]
    seen.set(given, instance)
  }
  return undefined
}

export const sameInstances = (
  { name, kind, matrix, with: given }: StageDeclaration,
  instances: ReadonlyArray<StageInstance>
): SameInstances => {
  const two = matrix === undefined ? undefined : firstTwo(instances)
  if (matrix === undefined || two === undefined) return { problems: [], notes: [] }
  const [one, other] = two
  const path = `stages.${name}.matrix`
  const message = `${one.id} and ${other.id} compute the same: nothing under with: takes what they differ in`
  const forgotten = [...matrix.entries].find(
    ([axis]) =>
      kind !== undefined &&
      Object.hasOwn(kind.params, axis) &&
      !given.has(axis) &&
      canonicalJson(one.at[axis] ?? null) !== canonicalJson(other.at[axis] ?? null)
  )
  if (forgotten === undefined) {
    return {
      problems: [],
      notes: [{ at: matrix.at, path, message: `${message}; it is one result, with no noise of its own` }]
    }
  }
  const [axis, { keyAt }] = forgotten
  const remedy = `add ${axis}: \${{ matrix.${axis} }} there`
  return { problems: [{ at: keyAt, path: `${path}.${axis}`, message: `${message}; ${remedy}` }], notes: [] }
}
