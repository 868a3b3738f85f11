/** Whether an SAE is to grow at all, as far as its size is known before it is trained. */
import * as Effect from "effect/Effect"
import type { ParamProblem } from "../../stage/param-problem.ts"
import type { Upstream } from "../../stage/upstream.ts"
import { knownSize } from "../known-size.ts"

export const checkGrowth = ({
  params: { d_sae },
  upstream
}: {
  readonly params: { readonly d_sae: number }
  readonly upstream: { readonly sae: ReadonlyArray<Upstream> }
}): Effect.Effect<ReadonlyArray<ParamProblem>> =>
  Effect.sync(() =>
    upstream.sae.flatMap((sae) => {
      const size = knownSize(sae)
      if (size === undefined || d_sae > size) return []
      return [
        {
          param: "d_sae",
          problem: `${sae.id} has ${size} latents already, and d_sae is ${d_sae}`,
          remedy: "raise d_sae"
        }
      ]
    })
  )
