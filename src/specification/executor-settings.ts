/**
 * `executor:` of an experiment and of `pipeline.config.yaml`: who runs the jobs, and what each executor has to know. What the
 * experiment says goes before what the project says, key by key.
 */
import * as Schema from "effect/Schema"
import { parseSeconds, parseSize, sizeExpected } from "./quantity.ts"

const quantity = (parse: (value: unknown) => number | undefined, expected: string, description: string) =>
  Schema.Union([Schema.Finite, Schema.String])
    .check(Schema.makeFilter((value) => (parse(value) === undefined ? `expected ${expected}` : true)))
    .annotate({ description })

const duration = (description: string) =>
  Schema.optionalKey(quantity(parseSeconds, "a duration such as 6 hours, or a number of seconds", description))
const size = (description: string) => Schema.optionalKey(quantity(parseSize, sizeExpected, description))
const text = (description: string) =>
  Schema.optionalKey(Schema.String.check(Schema.isNonEmpty()).annotate({ description }))
const count = (description: string) =>
  Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)).annotate({ description }))

/** What a job asks for beyond `resources:` of its stage. */
const needs = {
  time: duration(
    "time limit of a job; it saves a checkpoint before, and goes on as a further job (default: the stage's timeout)"
  ),
  memory: size("of a job (default: resources.memory of the stage, else by what it took before)"),
  cpus: count("of a job (default: the threads of the engine on this machine, or 1)")
}

/** What all batch systems have to be told. */
const common = {
  ...needs,
  jobs: count("jobs in the queue at a time, at most (default: 100); --jobs goes first"),
  container: text("command that the job's program runs in: apptainer exec --nv sae.sif"),
  gpus: Schema.optionalKey(
    Schema.Boolean.annotate({
      description: "false: the cluster has none, and stages that ask for one run on its CPUs (default: true)"
    })
  ),
  node: text("the Node to run on (default: the one that runs this)"),
  poll: duration("how often the batch system is asked about all jobs together (default: 10 s)")
}

const slurmJob = {
  partition: text("--partition"),
  account: text("--account"),
  qos: text("--qos"),
  gres: text("of a stage that asks for GPUs; {gpu} is how many (default: gpu:{gpu})"),
  flags: Schema.optionalKey(
    Schema.Array(Schema.String).annotate({ description: "further options of sbatch: [--constraint=a100, --exclusive]" })
  )
}

const SlurmSettings = Schema.Struct({
  ...common,
  ...slurmJob,
  array: count("tasks of one job array, at most (default: 500)"),
  warn: duration("how long before its time limit a job saves its checkpoint (default: 2 minutes)"),
  stages: Schema.optionalKey(
    Schema.Record(Schema.String, Schema.Struct({ ...needs, ...slurmJob })).annotate({
      description: "what is otherwise for a stage, by its name"
    })
  )
}).annotate({ description: "jobs of a Slurm cluster" })
export type SlurmSettings = typeof SlurmSettings.Type

const submit = Schema.String.annotate({
  description:
    "submits a job, by /bin/sh: `qsub -terse -o {output} -j y -pe smp {cpus} {script}`; also {name}, {memory} (MiB), {gpus}, {minutes}"
})

const CommandSettings = Schema.Struct({
  ...common,
  submit: Schema.optionalKey(submit),
  id: text(
    "regular expression that finds the job's id in what submit prints; its first group, where it has one (default: the first number)"
  ),
  status: text("prints the jobs that are queued or running, one a line that begins with the id: `qstat`; also {ids}"),
  cancel: text("ends jobs: `qdel {ids}`"),
  stages: Schema.optionalKey(
    Schema.Record(Schema.String, Schema.Struct({ ...needs, submit: Schema.optionalKey(submit) })).annotate({
      description: "what is otherwise for a stage, by its name"
    })
  )
}).annotate({ description: "any other batch system, by its own commands" })
export type CommandSettings = typeof CommandSettings.Type

export const ExecutorSettings = Schema.Struct({
  use: text("who runs the jobs (default: local); --executor goes first"),
  slurm: Schema.optionalKey(SlurmSettings),
  command: Schema.optionalKey(CommandSettings)
}).annotate({ description: "who runs the jobs, and how" })
export type ExecutorSettings = typeof ExecutorSettings.Type

/** The experiment's settings over the project's, key by key; of stages, stage by stage. */
export const mergeSettings = (project: ExecutorSettings, experiment: ExecutorSettings): ExecutorSettings => {
  const merged = <A extends { readonly stages?: object }>(low: A | undefined, high: A | undefined): A | undefined =>
    low === undefined || high === undefined
      ? (high ?? low)
      : {
          ...low,
          ...high,
          ...(low.stages === undefined && high.stages === undefined
            ? {}
            : { stages: { ...low.stages, ...high.stages } })
        }
  const slurm = merged(project.slurm, experiment.slurm)
  const command = merged(project.command, experiment.command)
  return {
    ...project,
    ...experiment,
    ...(slurm === undefined ? {} : { slurm }),
    ...(command === undefined ? {} : { command })
  }
}
