/** How many GPUs this machine has, asked only where something of the plan would use one. */
import * as Effect from "effect/Effect"
import { listGpus } from "../../execute/local/nvidia-smi.ts"
import type { Plan } from "../../plan/plan.ts"

export const gpusFor = ({ stages }: Plan): Effect.Effect<number> =>
  stages.some(({ instance, action }) => action !== "hit" && (instance.resources.gpu ?? 0) > 0)
    ? listGpus.pipe(
        Effect.map(({ length }) => length),
        Effect.orElseSucceed(() => 0)
      )
    : Effect.succeed(0)
