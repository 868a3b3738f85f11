/**
 * An executor by configuration alone: any batch system that has a command to submit a script, one that lists what is queued or
 * running, and one to cancel. What becomes of a job is told by what it writes into the store.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { batchExecutor } from "../batch/batch-executor.ts"
import { batchOptions } from "../batch/batch-options.ts"
import { type BatchSystem, PollFailed, SubmitRefused } from "../batch/batch-system.ts"
import { runProgram } from "../batch/run-program.ts"
import { Executor, ExecutorMisconfigured } from "../executor.ts"
import type { CommandSettings, ExecutorSettings } from "../../specification/executor-settings.ts"
import { fillTemplate, templateProblem } from "./fill-template.ts"

const shell = (command: string) => runProgram("/bin/sh", ["-c", command])

const said = (stdout: string, stderr: string): string =>
  [stdout.trim(), stderr].filter((part) => part !== "").join("\n")

const FIRST_NUMBER = String.raw`\d+`

interface Commands extends CommandSettings {
  readonly submit: string
  readonly status: string
  readonly cancel: string
}

const SUBMIT_PLACES = ["script", "name", "output", "cpus", "memory", "gpus", "minutes"]

/** Or what is wrong with it. */
const idPattern = ({ id = FIRST_NUMBER }: CommandSettings): RegExp | string => {
  try {
    return new RegExp(id)
  } catch (cause) {
    return (cause as Error).message
  }
}

/** What is wrong with the settings; undefined: nothing. */
const problemOf = (settings: CommandSettings): string | undefined => {
  const templates = [
    ["submit", settings.submit, SUBMIT_PLACES, ["script"]],
    ["status", settings.status, ["ids"], []],
    ["cancel", settings.cancel, ["ids"], ["ids"]],
    ...Object.entries(settings.stages ?? {}).flatMap(([stage, { submit }]) =>
      submit === undefined ? [] : [[`stages.${stage}.submit`, submit, SUBMIT_PLACES, ["script"]] as const]
    )
  ] as const
  for (const [name, template, known, required] of templates) {
    const problem = template === undefined ? "missing" : templateProblem(template, known, required)
    if (problem !== undefined) return `executor.command.${name}: ${problem}`
  }
  const id = idPattern(settings)
  return typeof id === "string" ? `executor.command.id: ${id}` : undefined
}

const submitOf = (settings: Commands): BatchSystem["submit"] => {
  const pattern = idPattern(settings) as RegExp
  return Effect.fnUntraced(function* ({ stage, folder, script, needs }) {
    const command = fillTemplate(settings.stages?.[stage]?.submit ?? settings.submit, {
      script,
      name: stage,
      output: `${folder}/output-0.txt`,
      cpus: needs.cpus,
      memory: needs.memory === undefined ? 0 : Math.ceil(needs.memory / 1024 ** 2),
      gpus: needs.gpus,
      minutes: needs.seconds === undefined ? 0 : Math.ceil(needs.seconds / 60)
    })
    const { code, stdout, stderr } = yield* shell(command)
    if (code !== 0) {
      return yield* new SubmitRefused({ problem: `\`${command}\` ended with code ${code}\n${said(stdout, stderr)}` })
    }
    const match = pattern.exec(stdout)
    if (match === null) {
      const problem = `\`${command}\` printed no id (executor.command.id: ${pattern.source})\n${said(stdout, stderr)}`
      return yield* new SubmitRefused({ problem })
    }
    return [match[1] ?? match[0]]
  })
}

/** Not in the list: it has ended. Which of two that begin alike a line means, the longer id tells. */
const pollOf = ({ status }: Commands): BatchSystem["poll"] =>
  Effect.fnUntraced(function* (ids) {
    const command = fillTemplate(status, { ids })
    const { code, stdout, stderr } = yield* shell(command)
    if (code !== 0) return yield* new PollFailed({ problem: `\`${command}\` ended with code ${code}: ${stderr}` })
    const listed = new Set(stdout.split("\n").map((line) => line.trim().split(/\s/)[0] ?? ""))
    // PBS and others add the name of a server: 17.head.
    const isListed = (id: string): boolean => listed.has(id) || [...listed].some((word) => word.startsWith(`${id}.`))
    return new Map(ids.filter(isListed).map((id) => [id, { status: "running" }]))
  })

const command = (settings: Commands): BatchSystem => ({
  name: "command",
  title: "batch",
  most: 1,
  index: "0",
  submit: submitOf(settings),
  poll: pollOf(settings),
  cancel: (ids) => Effect.asVoid(shell(fillTemplate(settings.cancel, { ids })))
})

export const layer = ({ command: settings = {} }: ExecutorSettings): Layer.Layer<Executor, ExecutorMisconfigured> => {
  const problem = problemOf(settings)
  if (problem !== undefined) return Layer.effect(Executor, new ExecutorMisconfigured({ problem }))
  return Layer.effect(Executor, batchExecutor(batchOptions(command(settings as Commands), settings)))
}
