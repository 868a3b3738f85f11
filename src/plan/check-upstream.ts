/** What the kind of an instance says of where its inputs come from, as problems at the lines that are about it. */
import * as Effect from "effect/Effect"
import { onCommandLine } from "../specification/location.ts"
import type { Problem } from "../specification/problem.ts"
import { formatParamProblem } from "../stage/param-problem.ts"
import * as Wiring from "../stage/wiring.ts"
import type { Upstream } from "../stage/upstream.ts"
import type { StageInstance } from "./stage-instance.ts"

export interface Checked {
  readonly problems: ReadonlyArray<Problem>
  /** Mild ones. */
  readonly notes: ReadonlyArray<Problem>
}

const nothing: Checked = { problems: [], notes: [] }

/** @param upstreamOf of the instance that makes an input of the named kind */
export const checkUpstream = Effect.fnUntraced(function* (
  instance: StageInstance,
  upstreamOf: (id: string, input: string) => Upstream
) {
  const { decoded, kind, inputs, origins, stage } = instance
  if (decoded.check === undefined) return nothing
  const upstream = Object.keys(kind.inputs).map((name) => {
    const wiring = inputs[name]
    const refs = wiring === undefined ? [] : Wiring.items(wiring)
    return [name, refs.map((ref) => upstreamOf(ref.instance, name))] as const
  })
  const found = (yield* decoded.check(Object.fromEntries(upstream))).map((each) => {
    const name = each.param.replace(/[.[].*$/, "")
    const at = origins[`params.${each.param}`] ?? origins[`params.${name}`] ?? origins[`inputs.${name}`]
    const problem: Problem = {
      at: at ?? origins["stage.uses"] ?? onCommandLine(instance.id),
      path: `stages.${stage}.with.${each.param}`,
      message: formatParamProblem(each)
    }
    return { problem, mild: each.mild === true }
  })
  const checked: Checked = {
    problems: found.filter(({ mild }) => !mild).map(({ problem }) => problem),
    notes: found.filter(({ mild }) => mild).map(({ problem }) => problem)
  }
  return checked
})
