/** A plan for people: a line per stage, with the reasons below what runs. */
import { formatReasons } from "../../plan/explain.ts"
import type { Plan, PlannedStage } from "../../plan/plan.ts"
import { wrapText } from "../../words/fit-text.ts"
import { count } from "./words.ts"

/** More stages than this are counted. */
const mostNamed = 4

const named = (ids: ReadonlyArray<string>): string =>
  ids.length <= mostNamed + 1
    ? ids.join(", ")
    : `${ids.slice(0, mostNamed).join(", ")} and ${ids.length - mostNamed} others`

const actionText = (stage: PlannedStage): string => {
  if (stage.action !== "unknown") return stage.action
  const above = named(stage.waitsFor)
  // What has changed itself is no hit for what stays as it is above.
  if (stage.reasons.length > 0) return `run, after ${above}`
  return `hit if ${above} ${stage.waitsFor.length === 1 ? "is" : "are"} unchanged`
}

/** A line that goes on, further in, where it is wider than `columns`. */
const wrapped = (line: string, columns: number, indent: number): string =>
  line.length <= columns ? line : wrapText(line, columns - indent).join(`\n${" ".repeat(indent)}`)

/**
 * @param gpus how many this machine has
 * @param columns how wide lines may be
 */
export const planText = (plan: Plan, gpus: number, columns = Number.POSITIVE_INFINITY): string => {
  const of = (action: PlannedStage["action"]): number => plan.stages.filter((stage) => stage.action === action).length
  const stages = plan.stages.flatMap((stage) => [
    wrapped(`${stage.instance.id}: ${actionText(stage)}`, columns, 6),
    ...formatReasons(stage.reasons).map((reason) => `    ${wrapped(reason, columns - 4, 6)}`)
  ])
  const onCpu = plan.stages.filter(
    ({ instance, action }) => action !== "hit" && (instance.resources.gpu ?? 0) > gpus
  ).length
  return [
    ...stages,
    ...(onCpu === 0 ? [] : [`${count(onCpu, "stage")} of these ask for a GPU; there is none here: on the CPU`]),
    `${count(plan.stages.length, "stage")}: ${of("hit")} hit, ${of("run")} to run, ${of("unknown")} that depend on those`
  ].join("\n")
}

/** design: `{"stages":[{"id","kind","action","key","reasons":[...]}]}`. */
export const planJson = (plan: Plan): unknown => ({
  stages: plan.stages.map(({ instance, action, key, reasons, waitsFor }) => ({
    id: instance.id,
    kind: instance.kind.name,
    action,
    key: key ?? null,
    waitsFor,
    reasons: reasons.map(({ path, before, after, source }) => ({
      path,
      before: before ?? null,
      after: after ?? null,
      source
    }))
  }))
})
