/** Runs the real command line in a process of its own, as a person would. */
import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { userCache } from "../../src/project/user-cache.ts"
import type { RunEvent, RunFinished } from "../../src/run/event.ts"

export const repository = resolve(import.meta.dirname, "..", "..")

export interface CliResult {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly done: Promise<CliResult>
  /** Resolves when stdout so far holds the text; rejects when the process ends first. */
  readonly until: (text: string) => Promise<void>
}

export interface CliOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

export const start = (args: ReadonlyArray<string>, { cwd, env }: CliOptions): Running => {
  const child = spawn(process.execPath, [join(repository, "bin", "pipeline.mjs"), ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: "1", PIPELINE_CACHE: "", ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let stdout = ""
  let stderr = ""
  const waiters: Array<{ readonly text: string; readonly met: () => void; readonly lost: (error: Error) => void }> = []
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString()
    for (const { text, met } of waiters) if (stdout.includes(text)) met()
  })
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const { promise: done, resolve: end } = Promise.withResolvers<CliResult>()
  child.on("close", (code, signal) => {
    for (const { text, lost } of waiters) lost(new Error(`ended before ${text}:\n${stdout}\n${stderr}`))
    end({ code, signal, stdout, stderr })
  })
  return {
    child,
    done,
    until: (text) => {
      if (stdout.includes(text)) return Promise.resolve()
      const { promise, resolve: met, reject: lost } = Promise.withResolvers<void>()
      waiters.push({ text, met, lost })
      return promise
    }
  }
}

export const cli = (args: ReadonlyArray<string>, options: CliOptions): Promise<CliResult> => start(args, options).done

/** The folder of a user's downloads with nothing in it but the program itself, which takes seconds to put together. */
export const emptyUserCache = (folder: string): string => {
  mkdirSync(join(folder, "sae-pipeline"), { recursive: true })
  for (const name of ["bundles", "code"]) {
    mkdirSync(join(userCache(), name), { recursive: true })
    symlinkSync(join(userCache(), name), join(folder, "sae-pipeline", name))
  }
  return folder
}

/** The events of a `--json` run. */
export const eventsOf = ({ stdout }: CliResult): ReadonlyArray<RunEvent> =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as RunEvent)

/** The last event of a `--json` run. */
export const finished = (result: CliResult): RunFinished => {
  const last = eventsOf(result).at(-1)
  if (last?.type !== "run-finished") throw new Error(`no run-finished:\n${result.stdout}\n${result.stderr}`)
  return last
}

/** `id status` of every stage. */
export const statuses = (result: CliResult): ReadonlyArray<string> =>
  finished(result).stages.map(({ id, status }) => `${id} ${status}`)

/** A folder of its own for a test, gone at its end. */
export const project = (
  files: Readonly<Record<string, string>>
): { readonly directory: string; readonly remove: () => void } => {
  const directory = mkdtempSync(join(tmpdir(), "pipeline-"))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) }
}

/** Copies a folder of the repository into a project. */
export const copyInto = (directory: string, path: string): void =>
  cpSync(join(repository, path), join(directory, path), { recursive: true })
