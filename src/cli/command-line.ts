/**
 * The command line: names, arguments, flags and help. What a command does is in a file of its own beside this one,
 * imported only when it runs, so that `--help` and usage errors are quick.
 */
import * as Effect from "effect/Effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"

const file = Argument.String("file").pipe(Argument.withDescription("an experiment or pipeline file (YAML)"))
const stage = Argument.String("stage").pipe(
  Argument.withDescription("a stage, or one instance: sae, 'sae[width=512,seed=0]'")
)
const set = Flag.String("set").pipe(
  Flag.atLeast(0),
  Flag.withDescription("change a value: tokens=1e6, 'stages.sae[width=2048].with.k=24' (repeatable)")
)
const cache = Flag.String("cache").pipe(
  Flag.optional,
  Flag.withDescription("the artifact store (default: PIPELINE_CACHE, or cache/ in the project)")
)
const engine = Flag.Literals("engine", ["auto", "tensorflow", "webgpu", "wasm"]).pipe(
  Flag.optional,
  Flag.withDescription("what multiplies matrices (default: PIPELINE_ENGINE, or the best there is)")
)
const json = Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withoutNegation)
const flag = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDefault(false), Flag.withoutNegation, Flag.withDescription(description))
const stagesFlag = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.atLeast(0), Flag.withDescription(description))

const acceptLicence = Flag.String("accept-licence").pipe(
  Flag.atLeast(0),
  Flag.withDescription("say yes to the terms of a model's weights, once for this user: gemma")
)

const common = { set, cache, engine }

export const runFlags = {
  file,
  stages: Argument.String("stage").pipe(
    Argument.variadic(),
    Argument.withDescription("only these stages and what they need")
  ),
  dryRun: flag("dry-run", "print the plan and run nothing").pipe(Flag.withAlias("n")),
  from: stagesFlag("from", "run this stage and everything below it again"),
  until: stagesFlag("until", "this stage and what it needs, no more"),
  only: stagesFlag("only", "this stage alone; what it needs has to be there"),
  force: stagesFlag("force", "run this stage even if it is a hit; its result becomes the one that counts"),
  jobs: Flag.Int("jobs").pipe(
    Flag.withAlias("j"),
    Flag.optional,
    Flag.withDescription("stages side by side (default: cores)")
  ),
  acceptLicence,
  keepGoing: flag("keep-going", "after a failure, go on with what does not need the failed stage"),
  json: json.pipe(Flag.withDescription("NDJSON events on stdout, and nothing else there")),
  ...common
}
export type RunInput = Command.Command.Config.Infer<typeof runFlags>

export const planFlags = { file, json: json.pipe(Flag.withDescription("the plan as JSON")), ...common }
export type PlanInput = Command.Command.Config.Infer<typeof planFlags>

export const stageFlags = { file, stage, json: json.pipe(Flag.withDescription("as JSON")), ...common }
export type StageInput = Command.Command.Config.Infer<typeof stageFlags>

export const exportFlags = { file, stage, directory: Argument.String("directory"), ...common }
export type ExportInput = Command.Command.Config.Infer<typeof exportFlags>

export const convertFlags = {
  source: Argument.String("source").pipe(
    Argument.withDescription("a folder with an SAE, or its one file; the format is told by the files")
  ),
  directory: Argument.String("directory").pipe(Argument.withDescription("an empty or new folder")),
  to: Flag.Literals("to", ["saelens", "gemma_scope", "dictionary_learning", "sparsify", "openai"]).pipe(
    Flag.withDescription("the format to write")
  ),
  fold: flag("fold", "b_dec and decoder norms may be folded into the encoder where the format needs it, up to rounding")
}
export type ConvertInput = Command.Command.Config.Infer<typeof convertFlags>

export const logsFlags = {
  stage,
  run: Flag.String("run").pipe(
    Flag.optional,
    Flag.withDescription("a run's id (default: the latest that ran the stage)")
  ),
  cache
}
export type LogsInput = Command.Command.Config.Infer<typeof logsFlags>

export const cacheFlags = { json: json.pipe(Flag.withDescription("as JSON")), cache }
export type CacheInput = Command.Command.Config.Infer<typeof cacheFlags>

export const reportFlags = {
  file,
  output: Flag.String("output").pipe(
    Flag.withAlias("o"),
    Flag.optional,
    Flag.withDescription("the HTML file to write (default: <experiment>.html)")
  ),
  ...common
}
export type ReportInput = Command.Command.Config.Infer<typeof reportFlags>

export const stagesFlags = {
  kind: Argument.String("kind").pipe(
    Argument.optional,
    Argument.withDescription("one stage kind, with its parameters")
  ),
  json: json.pipe(Flag.withDescription("as JSON"))
}
export type StagesInput = Command.Command.Config.Infer<typeof stagesFlags>

const late = <M>(load: () => Promise<M>): Effect.Effect<M> => Effect.promise(load)

const run = Command.make("run", runFlags, (input) =>
  Effect.flatMap(
    late(() => import("./commands/run.ts")),
    (module) => module.run(input)
  )
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
const plan = Command.make("plan", planFlags, (input) =>
  Effect.flatMap(
    late(() => import("./commands/plan.ts")),
    (module) => module.plan(input)
  )
).pipe(Command.withDescription("What would run, what is a hit, and why"))
const why = Command.make("why", stageFlags, (input) =>
  Effect.flatMap(
    late(() => import("./commands/why.ts")),
    (module) => module.why(input)
  )
).pipe(Command.withDescription("Why a stage would run, or did: every value that differs, and where it was written"))
const status = Command.make("status", planFlags, (input) =>
  Effect.flatMap(
    late(() => import("./commands/status.ts")),
    (module) => module.status(input)
  )
).pipe(Command.withDescription("Which results of an experiment are there, with their headline metrics"))
const show = Command.make("show", stageFlags, (input) =>
  Effect.flatMap(
    late(() => import("./commands/show.ts")),
    (module) => module.show(input)
  )
).pipe(Command.withDescription("Metrics and files of a stage's artifact, every byte checked"))
const exportCommand = Command.make("export", exportFlags, (input) =>
  Effect.flatMap(
    late(() => import("./commands/export.ts")),
    (module) => module.exportArtifact(input)
  )
).pipe(Command.withDescription("Copy a stage's artifact into a folder"))
const convert = Command.make("convert", convertFlags, (input) =>
  Effect.flatMap(
    late(() => import("./commands/convert.ts")),
    (module) => module.convert(input)
  )
).pipe(
  Command.withDescription("An SAE in another library's format; refused where something would be lost"),
  Command.withExamples([
    {
      command: "pipeline convert sae/ converted/ --to dictionary_learning",
      description: "an exported Sae artifact is a SAELens folder, too"
    }
  ])
)
const logs = Command.make("logs", logsFlags, (input) =>
  Effect.flatMap(
    late(() => import("./commands/logs.ts")),
    (module) => module.logs(input)
  )
).pipe(Command.withDescription("The log of a stage"))
const report = Command.make("report", reportFlags, (input) =>
  Effect.flatMap(
    late(() => import("./commands/report.ts")),
    (module) => module.report(input)
  )
).pipe(Command.withDescription("The report of an experiment, with the graph, times and cache hits of its latest run"))
const cacheLs = Command.make("ls", cacheFlags, (input) =>
  Effect.flatMap(
    late(() => import("./commands/cache-ls.ts")),
    (module) => module.cacheLs(input)
  )
).pipe(Command.withDescription("What the store holds"))
const cacheVerify = Command.make("verify", cacheFlags, (input) =>
  Effect.flatMap(
    late(() => import("./commands/cache-verify.ts")),
    (module) => module.cacheVerify(input)
  )
).pipe(Command.withDescription("Read every byte of the store and compare it with its digest"))
const cacheCommand = Command.make("cache").pipe(
  Command.withDescription("The artifact store"),
  Command.withSubcommands([cacheLs, cacheVerify])
)
const stages = Command.make("stages", stagesFlags, (input) =>
  Effect.flatMap(
    late(() => import("./commands/stages.ts")),
    (module) => module.stages(input)
  )
).pipe(Command.withDescription("The stage kinds, or the parameters of one"))
const doctor = Command.make("doctor", cacheFlags, (input) =>
  Effect.flatMap(
    late(() => import("./commands/doctor.ts")),
    (module) => module.doctor(input)
  )
).pipe(
  Command.withDescription("Engines, GPUs, memory, disk: what is there, what is missing, and the command that fixes it")
)
const engineInstall = Command.make("install", {}, () =>
  Effect.flatMap(
    late(() => import("./commands/engine-install.ts")),
    (module) => module.engineInstall
  )
).pipe(Command.withDescription("Install the tensorflow engine into the per-user cache"))
const engineCommand = Command.make("engine").pipe(
  Command.withDescription("The tensor engines"),
  Command.withSubcommands([engineInstall])
)
const schema = Command.make("schema", {}, () =>
  Effect.flatMap(
    late(() => import("./commands/schema.ts")),
    (module) => module.schema
  )
).pipe(Command.withDescription("A JSON Schema of pipeline and experiment files, for editors"))

export const commandLine = Command.make("pipeline").pipe(
  Command.withDescription("A declarative, cached experiment pipeline for sparse-autoencoder research"),
  Command.withSubcommands([
    run,
    plan,
    why,
    status,
    show,
    exportCommand,
    convert,
    report,
    logs,
    cacheCommand,
    stages,
    doctor,
    engineCommand,
    schema
  ])
)
