/** Whether what is stitched is a small SAE and a large one, as far as their sizes are known before they are trained. */
import * as Effect from "effect/Effect"
import { knownSize } from "../../sae/known-size.ts"
import type { ParamProblem } from "../../stage/param-problem.ts"
import type { Upstream } from "../../stage/upstream.ts"

export const checkSizes = ({
  upstream
}: {
  readonly upstream: { readonly [input in "small" | "large"]: ReadonlyArray<Upstream> }
}): Effect.Effect<ReadonlyArray<ParamProblem>> =>
  Effect.sync(() => {
    const [small] = upstream.small
    const [large] = upstream.large
    if (small === undefined || large === undefined) return []
    if (small.id === large.id) {
      const problem = `small and large are both ${small.id}: nothing can be novel, and novel_fraction will be 0`
      return [{ param: "small", problem, remedy: "give two SAEs of different size, such as two widths", mild: true }]
    }
    const [few, many] = [knownSize(small), knownSize(large)]
    if (few === undefined || many === undefined || few <= many) return []
    const problem = `${small.id} has ${few} latents, more than the ${many} of ${large.id}`
    return [{ param: "small", problem, remedy: "exchange them, or list the widths smallest first" }]
  })
