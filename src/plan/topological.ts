/** Instances so that each comes after what it needs, and otherwise in their own order: the order of GPU stages. */
import type { StageInstance } from "./stage-instance.ts"

/** Where `order` belongs in a list sorted by it. */
const position = (sorted: ReadonlyArray<StageInstance>, order: number): number => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] as StageInstance).order < order) low = middle + 1
    else high = middle
  }
  return low
}

/** The graph has no cycle; a need that is not among the instances counts as met. */
export const topological = (instances: ReadonlyArray<StageInstance>): ReadonlyArray<StageInstance> => {
  const ids = new Set(instances.map(({ id }) => id))
  const missing = new Map<string, number>()
  const below = new Map<string, Array<StageInstance>>()
  for (const instance of instances) {
    const needs = instance.needs.filter((id) => ids.has(id))
    missing.set(instance.id, needs.length)
    for (const id of needs) below.set(id, [...(below.get(id) ?? []), instance])
  }
  const ready = instances.filter(({ id }) => missing.get(id) === 0).toSorted((a, b) => a.order - b.order)
  const result: Array<StageInstance> = []
  for (let next = ready.shift(); next !== undefined; next = ready.shift()) {
    result.push(next)
    for (const instance of below.get(next.id) ?? []) {
      const left = (missing.get(instance.id) as number) - 1
      missing.set(instance.id, left)
      if (left === 0) ready.splice(position(ready, instance.order), 0, instance)
    }
  }
  return result
}
