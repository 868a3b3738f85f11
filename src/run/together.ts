/**
 * Instances that are done in one pass by one worker: which ones fit together, and how many passes are kept side by side. The
 * pass itself is `shared-pass.ts`.
 */
import { totalmem } from "node:os"
import * as Effect from "effect/Effect"
import type { ArtifactRef, StageInstance } from "../plan/stage-instance.ts"
import * as Wiring from "../stage/wiring.ts"
import type { WiredInputs } from "../stage/stage.ts"
import type { Place } from "../execute/executor.ts"
import type { RunContext } from "./run-context.ts"
import { demandOf, openPass, type SharedPass } from "./shared-pass.ts"

/** Estimates of one pass may fill this much of the memory: the rest is for what they leave out. */
const MEMORY_SHARE = 0.5

const groupOf = ({ outcomes }: RunContext, instance: StageInstance): string | undefined => {
  const wired = ({ instance: id, at }: ArtifactRef) => ({ digest: outcomes.get(id)?.digest ?? id, at })
  const inputs = Object.entries(instance.inputs).map(([name, wiring]) => [name, Wiring.map(wiring, wired)])
  const answer = instance.decoded.group(Object.fromEntries(inputs) as WiredInputs)
  // Instances of different resources wait for different places.
  return answer === undefined
    ? undefined
    : JSON.stringify([instance.stage, answer, instance.output, instance.resources.gpu ?? 0])
}

const memoryOf = ({ resources }: StageInstance): number => resources.memory ?? 0

/** A pass that has no place yet: who becomes ready meanwhile may join. */
interface OpenGroup extends SharedPass {
  readonly name: string
}

/**
 * Gives an instance its place in the queue: with others that it can share a pass with and that wait too, or its own. As
 * many passes are kept as the machine computes at the same time: none of it is idle for the sake of sharing.
 */
export const makeGroups = (context: RunContext): ((instance: StageInstance) => Effect.Effect<Place>) => {
  let open: ReadonlyArray<OpenGroup> = []
  const start = Effect.fnUntraced(function* (name: string, instance: StageInstance) {
    const pass = yield* openPass(context, instance, () => {
      open = open.filter((other) => other !== group)
    })
    const group: OpenGroup = { ...pass, name }
    open = [...open, group]
    return yield* group.join(instance)
  })
  return Effect.fnUntraced(function* (instance: StageInstance) {
    const name = groupOf(context, instance)
    if (name === undefined) return yield* context.places.contend(instance)
    const sideBySide = instance.kind.engine ? yield* context.places.sideBySide(instance) : 1
    const alike = open.filter((group) => group.name === name)
    const room = yield* Effect.filter(alike, ({ instances }) => {
      const members = [...instances, instance]
      if (members.reduce((sum, member) => sum + memoryOf(member), 0) > MEMORY_SHARE * totalmem()) {
        return Effect.succeed(false)
      }
      return context.places.fits(demandOf(instance, members))
    })
    const smallest = room.toSorted((a, b) => a.instances.length - b.instances.length)[0]
    return yield* smallest === undefined || alike.length < sideBySide ? start(name, instance) : smallest.join(instance)
  })
}
