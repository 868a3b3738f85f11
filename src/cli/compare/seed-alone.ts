/** Results that a seed decides, and beside which stands no result of another seed: how far another would move them is not known. */
import type { InputDigests } from "../../plan/key.ts"
import { groupSeeds } from "../../plan/seed-means.ts"
import type { SideStage } from "./side.ts"

const digestsOf = (inputs: InputDigests): ReadonlyArray<string> =>
  typeof inputs === "string"
    ? [inputs]
    : Array.isArray(inputs)
      ? inputs.map(({ digest }) => digest)
      : Object.values(inputs).flatMap(digestsOf)

/** Ids of stages with a parameter `seed`, and of those that read what such a stage made. */
const decidedBySeed = (stages: ReadonlyArray<SideStage>): ReadonlySet<string> => {
  const found = new Set<string>()
  const made = new Set<string>()
  const add = (stage: SideStage): void => {
    found.add(stage.id)
    if (stage.digest !== undefined) made.add(stage.digest)
  }
  for (const stage of stages) if (stage.made?.params["seed"] !== undefined) add(stage)
  for (let before = -1; before < found.size;) {
    before = found.size
    for (const stage of stages) {
      const read = Object.values(stage.made?.inputs ?? {}).flatMap(digestsOf)
      if (!found.has(stage.id) && read.some((digest) => made.has(digest))) add(stage)
    }
  }
  return found
}

/** @param stages of one side */
export const seedAlone = (stages: ReadonlyArray<SideStage>): ReadonlySet<string> => {
  const decided = new Set(decidedBySeed(stages))
  for (const members of groupSeeds(stages).values())
    if (members.length > 1) members.forEach(({ id }) => decided.delete(id))
  return decided
}
