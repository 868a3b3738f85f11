/** Arguments and flags of commands, and what they are once parsed: what each command's own file takes. */
import * as Argument from "effect/cli/Argument"
import type * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import {
  file,
  stage,
  set,
  cache,
  engine,
  json,
  flag,
  stagesFlag,
  acceptLicence,
  offline,
  jobs,
  common
} from "./shared-flags.ts"

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
  jobs,
  executor: Flag.String("executor").pipe(
    Flag.optional,
    Flag.withDescription(
      "who runs the stages: local, slurm, command (default: what `executor: { use: ... }` says, or local)"
    )
  ),
  acceptLicence,
  lock: flag("lock", "write the experiment's lock file: its keys, digests, pins and metrics"),
  frozen: flag("frozen", "refuse what differs from the lock file (exit code 3)"),
  verifyDeterminism: Flag.String("verify-determinism").pipe(
    Flag.optional,
    Flag.withDescription("compute this stage twice and compare, file by file")
  ),
  strict: flag("strict", "a stage that reads a file of the project which it does not declare fails (else it is told)"),
  keepGoing: flag("keep-going", "after a failure, go on with what does not need the failed stage"),
  json: json.pipe(Flag.withDescription("NDJSON events on stdout, and nothing else there")),
  ...common
}
export type RunInput = Command.Command.Config.Infer<typeof runFlags>

export const reproduceFlags = {
  file,
  stages: stagesFlag("stages", "only this stage and what it needs (repeatable)"),
  junit: Flag.String("junit").pipe(
    Flag.optional,
    Flag.withDescription("write JUnit XML there: a test case for each stage")
  ),
  summary: Flag.String("summary").pipe(
    Flag.optional,
    Flag.withDescription("write Markdown there, with the metrics that differ")
  ),
  json: json.pipe(Flag.withDescription("the comparison as JSON")),
  jobs,
  acceptLicence,
  offline,
  cache: Flag.String("cache").pipe(
    Flag.optional,
    Flag.withDescription("compute in this folder, which must be empty, and keep it (default: a temporary one)")
  ),
  engine
}
export type ReproduceInput = Command.Command.Config.Infer<typeof reproduceFlags>

export const updateFlags = {
  file,
  dryRun: flag("dry-run", "say what would move, and write nothing").pipe(Flag.withAlias("n")),
  cache
}
export type UpdateInput = Command.Command.Config.Infer<typeof updateFlags>

export const planFlags = { file, json: json.pipe(Flag.withDescription("the plan as JSON")), ...common }
export type PlanInput = Command.Command.Config.Infer<typeof planFlags>

export const stageFlags = { file, stage, json: json.pipe(Flag.withDescription("as JSON")), ...common }
export type StageInput = Command.Command.Config.Infer<typeof stageFlags>

export const diffFlags = {
  sides: Argument.String("side").pipe(
    Argument.variadic({ min: 1, max: 2 }),
    Argument.withDescription("a run (its id, an end of it, or latest), or an experiment file")
  ),
  set,
  all: flag("all", "equal metrics, and those that no kind declares, too"),
  json: json.pipe(Flag.withDescription("the comparison as JSON")),
  cache
}
export type DiffInput = Command.Command.Config.Infer<typeof diffFlags>

export const tableFlags = {
  file,
  by: Flag.String("by").pipe(
    Flag.optional,
    Flag.withDescription("axes, by commas: coordinates, parameters (k, sae.k), run (default: all coordinates)")
  ),
  metrics: Flag.String("metrics").pipe(
    Flag.optional,
    Flag.withDescription("by commas: loss, evaluate.ce_recovered (default: the headline metrics)")
  ),
  stage: stagesFlag("stage", "this stage alone (repeatable; default: all that have the axes)"),
  runs: flag("runs", "over all runs of the experiment, in place of what its files say now"),
  csv: flag("csv", "as CSV, numbers in full"),
  json: json.pipe(Flag.withDescription("as JSON")),
  ...common
}
export type TableInput = Command.Command.Config.Infer<typeof tableFlags>

export const acceptFlags = {
  file,
  stages: Argument.String("stage").pipe(
    Argument.variadic({ min: 1 }),
    Argument.withDescription("stages whose last results hold for the code of now")
  ),
  also: stagesFlag("also", "what besides the code may differ, as `why` names it: packages, params.log_every"),
  undo: flag("undo", "take back what was accepted"),
  ...common
}
export type AcceptInput = Command.Command.Config.Infer<typeof acceptFlags>

export const crateFlags = {
  file,
  directory: Argument.String("directory").pipe(Argument.withDescription("a folder, new or empty")),
  data: flag("data", "the files of all results, too, however large they are"),
  licence: Flag.String("licence").pipe(
    Flag.optional,
    Flag.withDescription("under which the crate may be used: a URL, such as https://spdx.org/licenses/CC-BY-4.0")
  ),
  ...common
}
export type CrateInput = Command.Command.Config.Infer<typeof crateFlags>

export const graphFlags = {
  file,
  mermaid: flag("mermaid", "a Mermaid flowchart, for Markdown"),
  dot: flag("dot", "Graphviz: pipe it into dot -Tsvg"),
  instances: flag("instances", "every instance of a matrix by itself"),
  ...common
}
export type GraphInput = Command.Command.Config.Infer<typeof graphFlags>

export const exportFlags = { file, stage, directory: Argument.String("directory"), ...common }
export type ExportInput = Command.Command.Config.Infer<typeof exportFlags>

export const publishFlags = {
  file,
  stage,
  to: Argument.String("to").pipe(
    Argument.withDescription(
      "hf:org/name, hf:datasets/org/name, with @branch and a folder where wanted: hf:org/name@main/layer_1"
    )
  ),
  public: flag("public", "a repository that is made for it is seen by everybody (default: by its owner)"),
  ...common
}
export type PublishInput = Command.Command.Config.Infer<typeof publishFlags>

export const logsFlags = {
  names: Argument.String("[file] stage").pipe(
    Argument.variadic({ min: 1, max: 2 }),
    Argument.withDescription(
      "a stage, or one instance, of the latest run that has its log; with a file: of that experiment"
    )
  ),
  run: Flag.String("run").pipe(
    Flag.optional,
    Flag.withDescription("a run's id (default: the latest that ran the stage)")
  ),
  follow: flag("follow", "go on while the stage prints, until it ends").pipe(Flag.withAlias("f")),
  cache
}
export type LogsInput = Command.Command.Config.Infer<typeof logsFlags>

export const watchFlags = {
  run: Argument.String("run").pipe(
    Argument.optional,
    Argument.withDescription("a run's id, an end of it, or latest (default: the newest that goes on)")
  ),
  json: json.pipe(Flag.withDescription("NDJSON events on stdout")),
  cache
}
export type WatchInput = Command.Command.Config.Infer<typeof watchFlags>

const against = Flag.String("against").pipe(
  Flag.optional,
  Flag.withDescription("a run or another file, whose metrics and parameters the page sets beside these")
)

export const reportFlags = {
  file,
  against,
  output: Flag.String("output").pipe(
    Flag.withAlias("o"),
    Flag.optional,
    Flag.withDescription("the HTML file to write (default: <experiment>.html)")
  ),
  open: flag("open", "show it in the browser, too"),
  ...common
}
export type ReportInput = Command.Command.Config.Infer<typeof reportFlags>

export const serveFlags = {
  file,
  against,
  host: Flag.String("host").pipe(
    Flag.withDefault("127.0.0.1"),
    Flag.withDescription("the address to listen on; any but the loopback's asks readers for a token")
  ),
  port: Flag.Int("port").pipe(Flag.withDefault(0), Flag.withDescription("the port (default: a free one)")),
  open: flag("open", "show it in the browser, too"),
  ...common
}
export type ServeInput = Command.Command.Config.Infer<typeof serveFlags>

export const initFlags = {
  directory: Argument.String("directory").pipe(
    Argument.withDescription("a folder, new or with none of the files that are written")
  )
}
export type InitInput = Command.Command.Config.Infer<typeof initFlags>

export const stagesFlags = {
  kind: Argument.String("kind").pipe(
    Argument.optional,
    Argument.withDescription("one stage kind, with its parameters")
  ),
  json: json.pipe(Flag.withDescription("as JSON"))
}
export type StagesInput = Command.Command.Config.Infer<typeof stagesFlags>

export const schemaFlags = { config: flag("config", "of pipeline.config.yaml") }
export type SchemaInput = Command.Command.Config.Infer<typeof schemaFlags>
