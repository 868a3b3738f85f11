/** What a plan may take, beside what there is: time by earlier runs, disk and memory by what the stages ask for. */
import { statfsSync, existsSync } from "node:fs"
import { totalmem } from "node:os"
import { dirname } from "node:path"
import type { Plan, PlannedStage } from "../../plan/plan.ts"
import { count, formatBytes, formatSeconds } from "./words.ts"

const existing = (folder: string): string =>
  existsSync(folder) || dirname(folder) === folder ? folder : existing(dirname(folder))

const timeText = (stages: ReadonlyArray<PlannedStage>, expected: ReadonlyMap<string, number>): string => {
  const seconds = stages.map(({ instance }) => expected.get(instance.id))
  const known = seconds.filter((each) => each !== undefined)
  const unknown = stages.length - known.length
  if (known.length === 0) return ""
  const time = formatSeconds(known.reduce((sum, each) => sum + each, 0))
  return unknown === 0 ? time : `${time} and ${count(unknown, "stage")} of which nothing alike has run here`
}

/**
 * Lines; none where all are hits, or nothing is known.
 *
 * @param cache folder of the store, which takes what is computed
 */
export const estimateText = (
  plan: Plan,
  expected: ReadonlyMap<string, number>,
  cache: string
): ReadonlyArray<string> => {
  const certain = plan.stages.filter(({ action }) => action === "run")
  const all = plan.stages.filter(({ action }) => action !== "hit")
  if (all.length === 0) return []
  const [least, most] = [timeText(certain, expected), timeText(all, expected)]
  const time = most === "" ? [] : least === most || least === "" ? [`about ${most}`] : [`about ${least}, up to ${most}`]
  const asked = all.map(({ instance }) => instance.resources)
  const disk = asked.reduce((sum, each) => sum + (each.disk ?? 0), 0)
  const memory = Math.max(0, ...asked.map((each) => each.memory ?? 0))
  const { bavail, bsize } = statfsSync(existing(cache))
  const free = bavail * bsize
  return [
    ...(time.length === 0 ? [] : [`to compute, stage after stage: ${time.join("")}`]),
    ...(disk === 0 ? [] : [`disk: ${formatBytes(disk)} of ${formatBytes(free)} that are free`]),
    ...(disk > free ? ["  this may not fit: `pipeline cache gc` makes room, --cache puts the store elsewhere"] : []),
    ...(memory === 0 ? [] : [`memory: ${formatBytes(memory)} at most at once, of ${formatBytes(totalmem())}`]),
    ...(memory > totalmem() ? ["  this may not fit: fewer rows or a smaller model at a time need less"] : [])
  ]
}
