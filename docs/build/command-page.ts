/** The command line, from the help that it gives itself. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import type { HelpDoc } from "effect/cli/HelpDoc"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { commandLine } from "../../src/cli/command-line.ts"
import { table } from "./markdown.ts"
import type { Page } from "./markdown.ts"

/** What `pipeline ...path --help` would say. */
export const helpOf = async (path: ReadonlyArray<string>): Promise<HelpDoc> => {
  let found: HelpDoc | undefined
  const presenter: CliOutput.Presenter = {
    present: (event) =>
      Effect.sync(() => {
        if (event._tag === "Help") found = event.helpDoc
      })
  }
  await Effect.runPromise(
    Command.runWith(commandLine, { version: "" })([...path, "--help"]).pipe(
      Effect.ignore,
      Effect.provide(CliOutput.layerPresenter(presenter)),
      Effect.provide(NodeServices.layer)
    )
  )
  if (found === undefined) throw new Error(`pipeline ${path.join(" ")} has no help`)
  return found
}

const words = Option.getOrElse(() => "")

const describe = (path: ReadonlyArray<string>, help: HelpDoc): string => {
  const flags = [
    ...(help.args ?? []).map(({ name, variadic, required, description }) => [
      `${name.toUpperCase()}${variadic ? "..." : ""}`,
      words(description) + (required ? "" : " (may be left out)")
    ]),
    ...help.flags.map(({ name, aliases, type, description }) => [
      [`--${name}`, ...aliases].join(", ") + (type === "boolean" ? "" : ` ${type.toUpperCase()}`),
      words(description)
    ])
  ]
  const examples = (help.examples ?? []).map(({ command, description }) => `${command}  # ${description ?? ""}`)
  return [
    `## ${["pipeline", ...path].join(" ")}`,
    help.description,
    `\`\`\`sh\n${[help.usage, ...examples].join("\n")}\n\`\`\``,
    table(["argument", "what"], flags)
  ].join("\n\n")
}

export const commandPage = async (): Promise<Page> => {
  const parts: Array<string> = []
  const visit = async (path: ReadonlyArray<string>): Promise<void> => {
    const help = await helpOf(path)
    const below = (help.subcommands ?? []).flatMap(({ commands }) => commands)
    if (path.length > 0 && below.length === 0) parts.push(describe(path, help))
    for (const { name } of below) await visit([...path, name])
  }
  await visit([])
  return {
    name: "command-line",
    title: "Command line",
    text:
      "Exit codes: 0 done, 1 a stage failed, 2 wrong usage or a wrong file, 130 or 143 interrupted. Data is on stdout, words for " +
      "people on stderr; with `--json` there is NDJSON on stdout and nothing else.\n\n" +
      parts.join("\n\n")
  }
}
