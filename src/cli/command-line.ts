/**
 * The command line: names, arguments, flags and help. What a command does is in a file of its own in `commands/`, imported only
 * when it runs.
 */
import * as Command from "effect/cli/Command"
import {
  runFlags,
  reproduceFlags,
  updateFlags,
  planFlags,
  stageFlags,
  exportFlags,
  publishFlags,
  graphFlags,
  diffFlags,
  tableFlags,
  acceptFlags,
  crateFlags,
  watchFlags,
  logsFlags,
  reportFlags,
  serveFlags,
  initFlags,
  stagesFlags,
  schemaFlags
} from "./flags/flags.ts"
import { cacheFlags } from "./flags/store-flags.ts"
import { convertFlags } from "./commands/convert-flags.ts"
import { late } from "./late.ts"
import { cacheCommand, pin, rm, unpin } from "./store-commands.ts"

const run = Command.make(
  "run",
  runFlags,
  late(async () => (await import("./commands/run.ts")).run)
).pipe(
  Command.withDescription("Run what is missing or out of date; everything else is a hit"),
  Command.withExamples([
    { command: "pipeline run experiments/quickstart.yaml", description: "the whole experiment" },
    { command: "pipeline run experiments/quickstart.yaml --set tokens=50000", description: "with one number changed" },
    {
      command: "pipeline run experiments/quickstart.yaml evaluate --dry-run",
      description: "what that stage would take"
    }
  ])
)
const reproduce = Command.make(
  "reproduce",
  reproduceFlags,
  late(async () => (await import("./commands/reproduce.ts")).reproduce)
).pipe(
  Command.withDescription("Compute everything again in an empty store, and compare it with the lock file"),
  Command.withExamples([
    {
      command: "pipeline reproduce experiments/quickstart.yaml --junit junit.xml --summary summary.md",
      description: "in CI: exit code 1 where a digest differs, or a metric beyond its tolerance"
    }
  ])
)
const update = Command.make(
  "update",
  updateFlags,
  late(async () => (await import("./commands/update.ts")).update)
).pipe(Command.withDescription("Move the pins of the lock file to what branches and packages are now"))
const plan = Command.make(
  "plan",
  planFlags,
  late(async () => (await import("./commands/plan.ts")).plan)
).pipe(Command.withDescription("What would run, what is a hit, and why"))
const why = Command.make(
  "why",
  stageFlags,
  late(async () => (await import("./commands/why.ts")).why)
).pipe(Command.withDescription("Why a stage would run, or did: every value that differs, and where it was written"))
const status = Command.make(
  "status",
  planFlags,
  late(async () => (await import("./commands/status.ts")).status)
).pipe(Command.withDescription("Which results of an experiment are there, with their headline metrics"))
const show = Command.make(
  "show",
  stageFlags,
  late(async () => (await import("./commands/show.ts")).show)
).pipe(Command.withDescription("Metrics and files of a stage's artifact, every byte checked"))
const graph = Command.make(
  "graph",
  graphFlags,
  late(async () => (await import("./commands/graph.ts")).graph)
).pipe(Command.withDescription("The graph of an experiment: what each stage takes, what is a hit, what failed"))
const diff = Command.make(
  "diff",
  diffFlags,
  late(async () => (await import("./commands/diff.ts")).diff)
).pipe(
  Command.withDescription(
    "What two runs, or files, differ in: parameters, sources, code, and metrics beside tolerances"
  ),
  Command.withExamples([
    { command: "pipeline diff 20261127-230644-5154 latest", description: "two runs" },
    {
      command: "pipeline diff experiments/quickstart.yaml --set k=24",
      description: "a file, and with one number changed"
    }
  ])
)
const table = Command.make(
  "table",
  tableFlags,
  late(async () => (await import("./commands/table.ts")).table)
).pipe(
  Command.withDescription("Metrics by the axes of a matrix, by parameters, or by runs"),
  Command.withExamples([
    { command: "pipeline table experiments/quickstart.yaml --by width", description: "means over the other axes" },
    { command: "pipeline table experiments/quickstart.yaml --runs --by run,sae.k --csv", description: "every run" }
  ])
)
const crate = Command.make(
  "crate",
  crateFlags,
  late(async () => (await import("./commands/crate.ts")).crate)
).pipe(Command.withDescription("Results with where they come from, as a Workflow Run RO-Crate"))
const accept = Command.make(
  "accept",
  acceptFlags,
  late(async () => (await import("./commands/accept.ts")).accept)
).pipe(
  Command.withDescription("Keep results where you know that a change of code alters nothing; --undo takes it back")
)
const exportCommand = Command.make(
  "export",
  exportFlags,
  late(async () => (await import("./commands/export.ts")).exportArtifact)
).pipe(Command.withDescription("Copy a stage's artifact into a folder"))
const publish = Command.make(
  "publish",
  publishFlags,
  late(async () => (await import("./commands/publish.ts")).publish)
).pipe(
  Command.withDescription("Put a stage's artifact into a repository of the Hugging Face hub, in one commit"),
  Command.withExamples([
    {
      command: "pipeline publish experiments/share.yaml saelens hf:my-name/my-sae --public",
      description: "what `export-sae` wrote, with its model card; HF_TOKEN holds a token that may write"
    }
  ])
)
const convert = Command.make(
  "convert",
  convertFlags,
  late(async () => (await import("./commands/convert.ts")).convert)
).pipe(
  Command.withDescription("An SAE in another library's format; refused where something would be lost"),
  Command.withExamples([
    {
      command: "pipeline convert sae/ converted/ --to dictionary_learning",
      description: "an exported Sae artifact is a SAELens folder, too"
    }
  ])
)
const logs = Command.make(
  "logs",
  logsFlags,
  late(async () => (await import("./commands/logs.ts")).logs)
).pipe(Command.withDescription("The log of a stage"))
const watch = Command.make(
  "watch",
  watchFlags,
  late(async () => (await import("./commands/watch.ts")).watch)
).pipe(Command.withDescription("A run of another process, shown until it ends"))
const report = Command.make(
  "report",
  reportFlags,
  late(async () => (await import("./commands/report.ts")).report)
).pipe(Command.withDescription("The report of an experiment, with the graph, times and cache hits of its latest run"))
const serve = Command.make(
  "serve",
  serveFlags,
  late(async () => (await import("./commands/serve.ts")).serve)
).pipe(
  Command.withDescription("The report's page, live: the run as it goes, latents on a text of yours, a latent clamped"),
  Command.withExamples([
    { command: "pipeline serve experiments/quickstart.yaml --open", description: "for this machine alone" },
    { command: "pipeline serve experiments/quickstart.yaml --host 0.0.0.0", description: "for whoever has the token" }
  ])
)
const init = Command.make(
  "init",
  initFlags,
  late(async () => (await import("./commands/init.ts")).init)
).pipe(Command.withDescription("Make a project: a pipeline, an experiment, and a stage kind of its own"))
const stages = Command.make(
  "stages",
  stagesFlags,
  late(async () => (await import("./commands/stages.ts")).stages)
).pipe(Command.withDescription("The stage kinds, or the parameters of one"))
const doctor = Command.make(
  "doctor",
  cacheFlags,
  late(async () => (await import("./commands/doctor.ts")).doctor)
).pipe(
  Command.withDescription("Engines, GPUs, memory, disk: what is there, what is missing, and the command that fixes it")
)
const engineInstall = Command.make(
  "install",
  {},
  late(async () => {
    const { engineInstall } = await import("./commands/engine-install.ts")
    return () => engineInstall
  })
).pipe(Command.withDescription("Install the tensorflow engine into the per-user cache"))
const engineCommand = Command.make("engine").pipe(
  Command.withDescription("The tensor engines"),
  Command.withSubcommands([engineInstall])
)
const schema = Command.make(
  "schema",
  schemaFlags,
  late(async () => (await import("./commands/schema.ts")).schema)
).pipe(
  Command.withDescription("A JSON Schema of pipeline and experiment files, or of pipeline.config.yaml, for editors")
)

/** @internal Its type has no name to be declared by. */
export const commandLine = Command.make("pipeline").pipe(
  Command.withDescription("A declarative, cached experiment pipeline for sparse-autoencoder research"),
  Command.withSubcommands([
    run,
    reproduce,
    update,
    plan,
    why,
    status,
    graph,
    diff,
    table,
    accept,
    crate,
    show,
    exportCommand,
    publish,
    convert,
    report,
    serve,
    logs,
    watch,
    cacheCommand,
    pin,
    unpin,
    rm,
    stages,
    doctor,
    engineCommand,
    init,
    schema
  ])
)
