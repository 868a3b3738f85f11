/** From the settings that all batch systems have to what the batch executor is told. */
import { parseBytes, parseSeconds } from "../../specification/quantity.ts"
import type { Demand, Placement } from "../executor.ts"
import type { CommandSettings, SlurmSettings } from "../../specification/executor-settings.ts"
import type { BatchOptions } from "./batch-executor.ts"
import type { BatchSystem, TaskNeeds } from "./batch-system.ts"

const JOBS = 100
const POLL_SECONDS = 10

/** A process with an engine in it, before the stage has allocated anything: what stages say of their memory is on top. */
const ENGINE_BYTES = 1024 ** 3

/** A stage's own timeout ends it; the batch system's limit, where it is made of that, must not be first. */
const MARGIN_SECONDS = 60

const memoryOf = (settings: SlurmSettings | CommandSettings, stage: string): number | undefined =>
  parseBytes(settings.stages?.[stage]?.memory ?? settings.memory)

const needsOf = (
  settings: SlurmSettings | CommandSettings,
  { stage, resources, timeoutSeconds }: Demand,
  engine: Placement["engine"]
): TaskNeeds => {
  const own = settings.stages?.[stage]
  const { memory: estimate } = resources
  const base = engine === null ? 0 : ENGINE_BYTES
  return {
    cpus: own?.cpus ?? settings.cpus ?? Math.max(resources.cpu ?? 1, engine?.threads ?? 1),
    memory: memoryOf(settings, stage) ?? (estimate === undefined ? undefined : estimate + base),
    gpus: settings.gpus === false ? 0 : (resources.gpu ?? 0),
    seconds:
      parseSeconds(own?.time ?? settings.time) ??
      (timeoutSeconds === undefined ? undefined : timeoutSeconds + MARGIN_SECONDS)
  }
}

export const batchOptions = (system: BatchSystem, settings: SlurmSettings | CommandSettings): BatchOptions => ({
  system,
  container: settings.container,
  node: settings.node ?? process.execPath,
  jobs: settings.jobs ?? JOBS,
  pollSeconds: parseSeconds(settings.poll) ?? POLL_SECONDS,
  cpusOf: (stage) => settings.stages?.[stage]?.cpus ?? settings.cpus,
  memoryOf: (stage) => memoryOf(settings, stage),
  needsOf: (demand, engine) => needsOf(settings, demand, engine)
})
