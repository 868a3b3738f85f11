/** How many GPUs the stages of a plan can have, asked only where one would be used; what a cluster has is not known here. */
import * as Effect from "effect/Effect"
import { listGpus } from "../../execute/local/nvidia-smi.ts"
import type { Plan } from "../../plan/plan.ts"

/** @param executor its name; undefined: this machine */
export const gpusFor = ({ stages }: Plan, executor: string = "local"): Effect.Effect<number> => {
  if (executor !== "local") return Effect.succeed(Number.POSITIVE_INFINITY)
  return stages.some(({ instance, action }) => action !== "hit" && (instance.resources.gpu ?? 0) > 0)
    ? listGpus.pipe(
        Effect.map(({ length }) => length),
        Effect.orElseSucceed(() => 0)
      )
    : Effect.succeed(0)
}
