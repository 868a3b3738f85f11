/** What a stage can do without: items of its `Stage.parts` inputs whose stages failed. */
import type { ArtifactRef, StageInstance } from "../plan/stage-instance.ts"
import * as Wiring from "../stage/wiring.ts"

/** Whether the artifact of `id` is nothing but an item of inputs that may lack it. */
const isPart = ({ kind, inputs }: StageInstance, id: string): boolean => {
  const at = Object.entries(inputs).filter(([, wiring]) => Wiring.items(wiring).some((ref) => ref.instance === id))
  return at.length > 0 && at.every(([name]) => kind.inputs[name]?.mayFail === true)
}

/** The stages, of those that failed, that an instance cannot do without. */
export const indispensable = (instance: StageInstance, failed: ReadonlyArray<string>): ReadonlyArray<string> =>
  failed.filter((id) => !isPart(instance, id))

/** The instance as it runs without what failed. */
export const leaveOut = (instance: StageInstance, failed: ReadonlyArray<string>): StageInstance => {
  if (failed.length === 0) return instance
  const without = (wiring: Wiring.Wiring<ArtifactRef>): Wiring.Wiring<ArtifactRef> =>
    wiring.shape === "list" ? { ...wiring, of: wiring.of.filter((ref) => !failed.includes(ref.instance)) } : wiring
  const inputs = Object.entries(instance.inputs).map(([name, wiring]) => [name, without(wiring)] as const)
  return {
    ...instance,
    // An input of which nothing is left is one that was not given.
    inputs: Object.fromEntries(inputs.filter(([, wiring]) => Wiring.items(wiring).length > 0)),
    leftOut: failed.toSorted()
  }
}

/**
 * Whether the run goes on where `id` fails, because all that needs it can do without it, or is itself something that others
 * can do without. What nobody needs was asked for by itself.
 */
export const isDispensable = (instances: ReadonlyArray<StageInstance>): ((id: string) => boolean) => {
  const below = new Map<string, Array<StageInstance>>()
  for (const instance of instances) {
    for (const need of instance.needs) below.set(need, [...(below.get(need) ?? []), instance])
  }
  const known = new Map<string, boolean>()
  const dispensable = (id: string): boolean => {
    const answer = known.get(id)
    if (answer !== undefined) return answer
    const needing = below.get(id) ?? []
    const found = needing.length > 0 && needing.every((instance) => isPart(instance, id) || dispensable(instance.id))
    known.set(id, found)
    return found
  }
  return dispensable
}
