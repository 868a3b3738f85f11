/** A plan for people: a line per stage, with the reasons below what runs. */
import { formatReason } from "../plan/explain.ts"
import type { Plan, PlannedStage } from "../plan/plan.ts"
import { count } from "./words.ts"

const actionText = (stage: PlannedStage): string => {
  if (stage.action === "unknown")
    return `hit if ${stage.waitsFor.join(", ")} ${stage.waitsFor.length === 1 ? "is" : "are"} unchanged`
  return stage.action
}

const lines = (stage: PlannedStage, gpus: number): ReadonlyArray<string> => {
  const { instance } = stage
  const gpu = (instance.resources.gpu ?? 0) > gpus && stage.action !== "hit" ? " (no GPU here: on the CPU)" : ""
  return [`${instance.id}: ${actionText(stage)}${gpu}`, ...stage.reasons.map((reason) => `    ${formatReason(reason)}`)]
}

/** @param gpus how many this machine has */
export const planText = (plan: Plan, gpus: number): string => {
  const of = (action: PlannedStage["action"]): number => plan.stages.filter((stage) => stage.action === action).length
  const totals = `${count(plan.stages.length, "stage")}: ${of("hit")} hit, ${of("run")} to run, ${of("unknown")} that depend on those`
  return [...plan.stages.flatMap((stage) => lines(stage, gpus)), totals].join("\n")
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
