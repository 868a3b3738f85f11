/** What of a `command` stage's surroundings is in its key: declared files, environment variables, a probe's output. */
import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import type { Json } from "../json/canonical-json.ts"
import { sha256OfFile } from "../file/hash-content.ts"
import { secretInText, secretsOf } from "./secrets.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { StageFailed } from "../stage/stage-failed.ts"

export interface CommandParams {
  readonly run: string
  readonly files: ReadonlyArray<string>
  readonly values: Readonly<Record<string, Json>>
  readonly env: ReadonlyArray<string>
  readonly secret: ReadonlyArray<string>
  readonly environment: string | null
  readonly output: string
}

/** A probe that hangs must not hang the plan. */
const PROBE_TIMEOUT_MS = 60_000

export const digestOfFile = (projectDirectory: string, path: string): Effect.Effect<string, StageFailed> =>
  Effect.tryPromise({
    try: () => sha256OfFile(join(projectDirectory, path)),
    catch: (cause) => {
      const code = cause instanceof Error && "code" in cause ? cause.code : undefined
      if (code === "EISDIR") return stageFailed(`files: ${path} is a folder`, "name the files in it, one by one")
      const problem = code === "ENOENT" ? "is not there" : `cannot be read: ${String(cause)}`
      return stageFailed(
        `files: ${path} ${problem}`,
        `paths start at ${projectDirectory}, and no character is a wildcard`
      )
    }
  })

const probe = (command: string, projectDirectory: string): Effect.Effect<string, StageFailed> =>
  Effect.tryPromise({
    try: async () => {
      const { stdout } = await promisify(execFile)("/bin/sh", ["-c", command], {
        cwd: projectDirectory,
        timeout: PROBE_TIMEOUT_MS,
        maxBuffer: 16 << 20
      })
      return stdout
    },
    catch: (cause) =>
      stageFailed(`environment: the probe \`${command}\` failed: ${String(cause)}`, "run it by hand to see why")
  })

export const commandFacts = Effect.fn("commandFacts")(function* (context: {
  readonly params: CommandParams
  readonly projectDirectory: string
}) {
  const { params, projectDirectory } = context
  const files: Record<string, string> = {}
  for (const path of params.files) files[path] = yield* digestOfFile(projectDirectory, path)
  const env: Record<string, string | null> = {}
  for (const name of params.env) if (!params.secret.includes(name)) env[name] = process.env[name] ?? null
  for (const name of params.secret) {
    if (process.env[name] === undefined) {
      return yield* stageFailed(`secret: the environment variable ${name} is not set`, `export ${name} and run again`)
    }
  }
  const environment = params.environment === null ? null : yield* probe(params.environment, projectDirectory)
  const printed = secretInText(environment ?? "", secretsOf(params.secret, process.env))
  if (printed !== undefined) {
    return yield* stageFailed(
      `environment: the probe prints the value of the secret ${printed}, and what it prints is kept with the key`,
      "let it print less"
    )
  }
  const facts: Readonly<Record<string, Json>> = { files, env, environment }
  return facts
})
