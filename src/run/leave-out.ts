/** What a stage can do without: items of inputs by `Stage.parts`, `some` and `namedParts` whose stages failed. */
import type { ArtifactRef, StageInstance } from "../plan/stage-instance.ts"
import * as Wiring from "../stage/wiring.ts"

/** Whether the artifact of `id` is nothing but an item of inputs that may lack it. */
const isPart = ({ kind, inputs }: StageInstance, id: string): boolean => {
  const at = Object.entries(inputs).filter(([, wiring]) => Wiring.items(wiring).some((ref) => ref.instance === id))
  return at.length > 0 && at.every(([name]) => kind.inputs[name]?.mayFail === true)
}

const without = (wiring: Wiring.Wiring<ArtifactRef>, failed: ReadonlyArray<string>): Wiring.Wiring<ArtifactRef> => {
  const isThere = (ref: ArtifactRef): boolean => !failed.includes(ref.instance)
  switch (wiring.shape) {
    case "one":
      return wiring
    case "list":
      return { ...wiring, of: wiring.of.filter(isThere) }
    case "record": {
      // Of a list under a name every item counts: a mean over fewer is another number.
      const whole = Object.entries(wiring.of).filter(([, each]) => Wiring.items(each).every(isThere))
      return { ...wiring, of: Object.fromEntries(whole) }
    }
  }
}

const inputsWithout = ({ inputs }: StageInstance, failed: ReadonlyArray<string>): StageInstance["inputs"] => {
  const left = Object.entries(inputs).map(([name, wiring]) => [name, without(wiring, failed)] as const)
  // An input of which nothing is left is one that was not given.
  return Object.fromEntries(left.filter(([, wiring]) => Wiring.items(wiring).length > 0))
}

/** The stages, of those that failed, that an instance cannot do without: of an input that it must have, the last ones. */
export const indispensable = (instance: StageInstance, failed: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (failed.length === 0) return failed
  const left = inputsWithout(instance, failed)
  const empty = Object.keys(instance.inputs).filter(
    (name) => left[name] === undefined && instance.kind.inputs[name]?.mayBeLeftOut !== true
  )
  // Of nothing at all, nothing can be told.
  const lacking = Object.keys(left).length === 0 ? Object.keys(instance.inputs) : empty
  const needed = new Set(
    lacking.flatMap((name) => {
      const wiring = instance.inputs[name]
      return wiring === undefined ? [] : Wiring.items(wiring).map((ref) => ref.instance)
    })
  )
  return failed.filter((id) => needed.has(id) || !isPart(instance, id))
}

/** The instance as it runs without what failed. */
export const leaveOut = (instance: StageInstance, failed: ReadonlyArray<string>): StageInstance =>
  failed.length === 0 ? instance : { ...instance, inputs: inputsWithout(instance, failed), leftOut: failed.toSorted() }

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
