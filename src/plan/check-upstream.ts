/** What the kind of an instance says of where its inputs come from, as problems at the lines that are about it. */
import * as Effect from "effect/Effect"
import type { Metrics } from "../artifact/artifact.ts"
import { type Location, onCommandLine } from "../specification/location.ts"
import type { Problem } from "../specification/problem.ts"
import { formatParamProblem } from "../stage/param-problem.ts"
import * as Wiring from "../stage/wiring.ts"
import type { Resources } from "../stage/resources.ts"
import type { Upstream } from "../stage/upstream.ts"
import type { StageInstance } from "./stage-instance.ts"

/** What an instance cannot do without: where it runs, there may be less. */
export interface Need {
  /** Of the instance. */
  readonly id: string
  readonly needs: Pick<Resources, "memory">
  readonly at: Location
  readonly path: string
  readonly problem: string
  readonly remedy: string
}

export interface Checked {
  readonly problems: ReadonlyArray<Problem>
  /** Mild ones. */
  readonly notes: ReadonlyArray<Problem>
  readonly needs: ReadonlyArray<Need>
}

/** What is known of the instance that makes an input. */
export type UpstreamOf = (id: string, input: string) => Upstream

const nothing: Checked = { problems: [], notes: [], needs: [] }

const upstreamsOf = (
  { kind, inputs }: StageInstance,
  upstreamOf: UpstreamOf
): Readonly<Record<string, ReadonlyArray<Upstream>>> =>
  Object.fromEntries(
    Object.keys(kind.inputs).map((name) => {
      const wiring = inputs[name]
      const refs = wiring === undefined ? [] : Wiring.items(wiring)
      return [name, refs.map((ref) => upstreamOf(ref.instance, name))] as const
    })
  )

/** Metrics of an instance that are certain before it runs. */
export const foresee = (instance: StageInstance, upstreamOf: UpstreamOf): Effect.Effect<Metrics | undefined> =>
  instance.decoded.foresee?.(upstreamsOf(instance, upstreamOf)) ?? Effect.succeed(undefined)

export const checkUpstream = Effect.fnUntraced(function* (instance: StageInstance, upstreamOf: UpstreamOf) {
  const { decoded, origins, stage } = instance
  if (decoded.check === undefined) return nothing
  const found = (yield* decoded.check(upstreamsOf(instance, upstreamOf))).map((each) => {
    const name = each.param.replace(/[.[].*$/, "")
    const at = origins[`params.${each.param}`] ?? origins[`params.${name}`] ?? origins[`inputs.${name}`]
    const place = {
      at: at ?? origins["stage.uses"] ?? onCommandLine(instance.id),
      path: `stages.${stage}.with.${each.param}`
    }
    return { ...each, place, told: { ...place, message: formatParamProblem(each) } }
  })
  const certain = found.filter(({ needs }) => needs === undefined)
  const checked: Checked = {
    problems: certain.filter(({ mild }) => mild !== true).map(({ told }) => told),
    notes: certain.filter(({ mild }) => mild === true).map(({ told }) => told),
    needs: found.flatMap(({ needs, place, problem, remedy = "" }) =>
      needs === undefined ? [] : [{ id: instance.id, needs, ...place, problem, remedy }]
    )
  }
  return checked
})
