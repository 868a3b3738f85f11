/**
 * Any program as a stage: a Python script or a peer's trainer joins the same DAG, cache and report.
 *
 * The program runs in a working folder of its own that holds copies of the declared project files; what it puts into
 * `$OUTPUT` becomes the artifact. Everything that may change its output is declared, and so is in the key.
 */
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"
import { checkCommand } from "../src/command/check-command.ts"
import { commandFacts } from "../src/command/command-facts.ts"
import { runCommand } from "../src/command/run-command.ts"

export default Stage.make("command", {
  summary: "Runs any program; the $OUTPUT folder that it fills becomes the artifact",
  params: {
    run: Param.string({ description: "what /bin/sh runs; it sees $OUTPUT, $INPUT_<name> and $VALUE_<name>" }),
    files: Param.list(Param.string({ description: "a path below the project" }), {
      default: [],
      description: "project files that the program reads, hashed by content and copied into its working folder"
    }),
    values: Param.record({ default: {}, description: "$VALUE_<name>: text as it is, anything else as JSON" }),
    env: Param.list(Param.string({ description: "a variable" }), {
      default: [],
      description: "environment variables that are passed on; their values are in the key unless they are secret"
    }),
    secret: Param.list(Param.string({ description: "a variable" }), {
      default: [],
      description:
        "environment variables that are passed on and kept out of the key, the logs and the artifact; no file of $OUTPUT may hold one"
    }),
    environment: Param.string({
      default: null,
      description: "a probe such as `pip freeze`, whose output is in the key"
    }),
    output: Param.string({ default: "Files", description: "the artifact kind that comes out, checked when it is done" })
  },
  inputs: { inputs: Stage.record("$INPUT_<name>: a read-only folder; of a list: $INPUT_<name>/<coordinates>") },
  output: { fromParam: "output" },
  metrics: {},
  engine: false,
  isolation: "pool",
  decode: checkCommand,
  facts: commandFacts,
  run: runCommand
})
