/** From what a task asks for, and the settings, to the options of `sbatch`. */
import { join } from "node:path"
import { parseSeconds } from "../../specification/quantity.ts"
import type { Submission } from "../batch/batch-system.ts"
import type { SlurmSettings } from "../../specification/executor-settings.ts"

const WARN_SECONDS = 120
/** Of the time limit, at most: a job that is warned when it begins does nothing. */
const WARN_SHARE = 0.25

const option = (name: string, value: string | number | undefined): ReadonlyArray<string> =>
  value === undefined ? [] : [`--${name}=${value}`]

/** Slurm counts time limits in minutes, and rounds up. */
const minutes = (seconds: number): number => Math.max(1, Math.ceil(seconds / 60))

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2)}M`

/** B: to the job's own process alone, which ends its worker; USR1 is Node's, for its inspector. */
const warning = ({ warn }: SlurmSettings, seconds: number | undefined): ReadonlyArray<string> => {
  const wanted = parseSeconds(warn) ?? Math.min(WARN_SECONDS, WARN_SHARE * (seconds ?? Infinity))
  return [`--signal=B:USR2@${Math.max(1, Math.round(wanted))}`]
}

export const sbatchArguments = (settings: SlurmSettings, submission: Submission): ReadonlyArray<string> => {
  const { stage, folder, script, tasks, needs } = submission
  const { partition, account, qos, gres = "gpu:{gpu}", flags = [] } = { ...settings, ...settings.stages?.[stage] }
  return [
    "--parsable",
    `--job-name=${stage}`,
    `--output=${join(folder, tasks === 1 ? "output-0.txt" : "output-%a.txt")}`,
    // A task that is run again, on another node, goes on in the same file.
    "--open-mode=append",
    ...(tasks === 1 ? [] : [`--array=0-${tasks - 1}`]),
    ...option("partition", partition),
    ...option("account", account),
    ...option("qos", qos),
    "--ntasks=1",
    ...option("cpus-per-task", needs.cpus),
    ...option("mem", needs.memory === undefined ? undefined : mebibytes(needs.memory)),
    ...(needs.gpus === 0 ? [] : option("gres", gres.replaceAll("{gpu}", String(needs.gpus)))),
    ...option("time", needs.seconds === undefined ? undefined : minutes(needs.seconds)),
    ...warning(settings, needs.seconds),
    ...flags,
    script
  ]
}
