/** What a plan may take, beside what there is: time and memory by earlier runs, disk by what the stages ask for. */
import { statfsSync, existsSync } from "node:fs"
import { totalmem } from "node:os"
import { dirname } from "node:path"
import type { ExpectedCost } from "../../experiment/expected-cost.ts"
import type { Plan, PlannedStage } from "../../plan/plan.ts"
import { count, formatBytes, formatSeconds } from "./words.ts"

const existing = (folder: string): string =>
  existsSync(folder) || dirname(folder) === folder ? folder : existing(dirname(folder))

const timeText = (stages: ReadonlyArray<PlannedStage>, { seconds }: ExpectedCost): string => {
  const each = stages.map(({ instance }) => seconds.get(instance.id))
  const known = each.filter((one) => one !== undefined)
  const unknown = stages.length - known.length
  if (known.length === 0) return ""
  const time = formatSeconds(known.reduce((sum, one) => sum + one, 0))
  return unknown === 0 ? time : `${time} and ${count(unknown, "stage")} of which nothing alike has run here`
}

const timeLines = (plan: Plan, expected: ExpectedCost): ReadonlyArray<string> => {
  const all = plan.stages.filter(({ action }) => action !== "hit")
  const certain = all.filter(({ action }) => action === "run")
  const [least, most] = [timeText(certain, expected), timeText(all, expected)]
  if (most === "") return []
  const time = least === most || least === "" ? `about ${most}` : `about ${least}, up to ${most}`
  const guessed = all.filter(({ instance }) => expected.otherParameters.has(instance.id)).length
  return [
    `to compute, stage after stage: ${time}`,
    ...(guessed === 0
      ? []
      : [`  of these, ${count(guessed, "stage")} by what the same kind took with other parameters: a guess`])
  ]
}

/** A worker with its engine takes about as much before a stage begins: a stage that asks for less tells nothing of what it takes. */
const WORKER_BYTES = 512 * 1024 ** 2

/** A stage's need is what it asks for, or what its process held before, where that was more. */
const memoryLines = (plan: Plan, { peakMemory }: ExpectedCost): ReadonlyArray<string> => {
  const needs = plan.stages
    .filter(({ action }) => action !== "hit")
    .map(({ instance: { id, resources } }) => ({ id, bytes: Math.max(peakMemory.get(id) ?? 0, resources.memory ?? 0) }))
  const [largest] = needs.toSorted((a, b) => b.bytes - a.bytes)
  if (largest === undefined || largest.bytes < WORKER_BYTES) return []
  const there = totalmem()
  return [
    `memory: ${formatBytes(largest.bytes)} for ${largest.id}, which takes most as far as is known, of ${formatBytes(there)}`,
    ...(largest.bytes > there ? ["  this may not fit: fewer rows or a smaller model at a time need less"] : [])
  ]
}

const diskLines = (plan: Plan, cache: string): ReadonlyArray<string> => {
  const disk = plan.stages
    .filter(({ action }) => action !== "hit")
    .reduce((sum, { instance }) => sum + (instance.resources.disk ?? 0), 0)
  const { bavail, bsize } = statfsSync(existing(cache))
  const free = bavail * bsize
  return [
    ...(disk === 0 ? [] : [`disk: ${formatBytes(disk)} of ${formatBytes(free)} that are free`]),
    ...(disk > free ? ["  this may not fit: `pipeline cache gc` makes room, --cache puts the store elsewhere"] : [])
  ]
}

/**
 * Lines; none where all are hits, or nothing is known.
 *
 * @param cache folder of the store, which takes what is computed
 */
export const estimateText = (plan: Plan, expected: ExpectedCost, cache: string): ReadonlyArray<string> =>
  plan.stages.every(({ action }) => action === "hit")
    ? []
    : [...timeLines(plan, expected), ...diskLines(plan, cache), ...memoryLines(plan, expected)]
