/**
 * An S3 server for tests: moto, from PyPI, in an environment that is made once for this user. Undefined, and said loudly, where
 * Python or the package cannot be had.
 */
import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import * as Effect from "effect/Effect"
import { workOnce } from "../../src/file/work-once.ts"

const MOTO = "moto[s3,iam,server]==5.2.5"

type Credentials = Readonly<Record<"AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY", string>>

export interface S3Server {
  /** Of the server, which has an empty bucket `lab`. */
  readonly endpoint: string
  readonly writer: Credentials
  /** May list and get alone. */
  readonly reader: Credentials
  readonly stop: () => void
}

const environment = join(homedir(), ".cache", "sae-pipeline-tests", "moto-5.2.5")
const ready = join(environment, "ready")

const install = Effect.sync(() => {
  rmSync(environment, { recursive: true, force: true })
  mkdirSync(environment, { recursive: true })
  const steps = [
    ["python3", "-m", "venv", environment],
    [join(environment, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", MOTO]
  ] as const
  for (const [program, ...args] of steps) {
    if (spawnSync(program, args, { stdio: "ignore" }).status !== 0) return
  }
  writeFileSync(ready, "")
})

export const startS3Server = async (): Promise<S3Server | undefined> => {
  const work = { done: () => existsSync(ready), onWait: () => {}, work: install, purpose: "an S3 server for tests" }
  await Effect.runPromise(workOnce(`${environment}.lease`, work))
  if (!existsSync(ready)) {
    console.warn(`SKIPPED: tests against an S3 server need python3 and \`pip install '${MOTO}'\``)
    return undefined
  }
  const child = spawn(join(environment, "bin", "python"), [join(import.meta.dirname, "s3_server.py")], {
    stdio: ["pipe", "pipe", "ignore"]
  })
  for await (const line of createInterface(child.stdout)) {
    return { ...(JSON.parse(line) as Omit<S3Server, "stop">), stop: () => child.stdin.end() }
  }
  throw new Error("the S3 server ended before it was ready")
}
