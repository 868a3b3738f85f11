/**
 * Runs what the documentation's workflow for GitHub Actions runs, line by line, by bash: `npx pipeline` is this command line,
 * `npm ci` has nothing to do, and `gh` keeps the comment that it would post.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parse } from "yaml"
import { pageBlocks } from "../docs/code-blocks.ts"
import { repository } from "./run-cli.ts"

interface Step {
  readonly run?: string
  readonly if?: string
  readonly env?: Readonly<Record<string, string>>
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>
  readonly steps: ReadonlyArray<Step>
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}

const values: Readonly<Record<string, string>> = {
  "github.token": "t",
  "github.event.pull_request.number": "7",
  "github.repository": "org/project"
}

export const workflow = (): Workflow => {
  const block = pageBlocks().find(({ file }) => file === ".github/workflows/reproduce.yml")
  if (block === undefined) throw new Error("the documentation has no workflow")
  return parse(block.text) as Workflow
}

const programs: Readonly<Record<string, string>> = {
  npm: '[ "$*" = ci ]',
  npx: `[ "$1" = pipeline ] && shift && exec "${process.execPath}" "${join(repository, "src", "cli", "main.ts")}" "$@"`,
  gh: 'echo "gh $*"; for last; do :; done; cp "$last" comment.md'
}

/** The first step that fails ends the job, but for those that say otherwise. @returns its exit code */
export const runWorkflow = (directory: string): { readonly code: number; readonly output: string } => {
  const bin = join(directory, "bin")
  mkdirSync(bin, { recursive: true })
  for (const [name, text] of Object.entries(programs))
    writeFileSync(join(bin, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 })
  writeFileSync(join(directory, "step-summary.md"), "")
  spawnSync("rm", ["-rf", join(directory, "reproduced")])
  let [code, output] = [0, ""]
  for (const { steps } of Object.values(workflow().jobs)) {
    for (const step of steps) {
      if (step.run === undefined) continue
      const summary = /hashFiles\('summary\.md'\)/.test(step.if ?? "")
      if (code !== 0 && step.if === undefined && !step.run.startsWith("gh ")) continue
      if (summary && !existsSync(join(directory, "summary.md"))) continue
      const given = Object.entries(step.env ?? {}).map(([name, text]) => [
        name,
        text.replaceAll(/\$\{\{ ([\w.]+) \}\}/g, (_, value: string) => values[value] ?? "")
      ])
      const env = {
        ...process.env,
        ...Object.fromEntries(given),
        PATH: `${bin}:${process.env["PATH"]}`,
        PIPELINE_CACHE: ""
      }
      const { status, stdout, stderr } = spawnSync("bash", ["-e", "-c", step.run], {
        cwd: directory,
        encoding: "utf8",
        env: { ...env, GITHUB_STEP_SUMMARY: join(directory, "step-summary.md") }
      })
      output += stdout + stderr
      if (code === 0) code = status ?? 1
    }
  }
  return { code, output }
}
