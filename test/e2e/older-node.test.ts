/** `bin/pipeline.mjs` on a Node that cannot run the sources: it hands over to the one of the npm package, and stays in charge. */
import { spawn } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { project, repository } from "./run-cli.ts"

/** What Node 20 says that it is; the code below it is the same. */
const older = `data:text/javascript,Object.defineProperty(process.versions, "node", { value: "20.11.0" })`

let directory: string
let remove: () => void
beforeEach(() => {
  ;({ directory, remove } = project({
    "x.yaml": `stages:\n  long: { uses: command, with: { run: 'echo $$ > "$PID_FILE"; exec sleep 600', secret: [PID_FILE] } }\n`
  }))
})
afterEach(() => remove())

const start = (...args: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, ["--import", older, join(repository, "bin", "pipeline.mjs"), ...args], {
    cwd: directory,
    env: { ...process.env, NO_COLOR: "1", PIPELINE_CACHE: "", PID_FILE: join(directory, "pid") },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let stdout = ""
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.resume()
  const ended = new Promise<{ code: number | null; signal: string | null; stdout: string }>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, stdout }))
  })
  return { child, ended }
}

const until = async <A>(what: string, get: () => A | undefined): Promise<A> => {
  for (let tries = 0; tries < 2_000; tries++) {
    const found = get()
    if (found !== undefined) return found
    await delay(50)
  }
  throw new Error(`never: ${what}`)
}

/** Process id of the stage's program, once it runs. */
const program = () =>
  until("the stage's program starts", () => {
    try {
      const pid = Number(readFileSync(join(directory, "pid"), "utf8"))
      return pid > 0 ? pid : undefined
    } catch {
      return undefined
    }
  })

const isGone = (pid: number): true | undefined => {
  try {
    process.kill(pid, 0)
    return undefined
  } catch {
    return true
  }
}

describe("pipeline on an older Node", { timeout: 200_000 }, () => {
  it("gives the answer and the exit code of the newer one", async () => {
    const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { version: string }
    const told = await start("--version").ended
    assert.include(told.stdout, version)
    assert.strictEqual(told.code, 0)
    assert.strictEqual((await start("run", "missing.yaml").ended).code, 2)
  })

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143]
  ] as const)("ends the run for a %s that it alone gets", async (signal, code) => {
    const run = start("run", "x.yaml")
    const pid = await program()
    run.child.kill(signal)
    assert.strictEqual((await run.ended).code, code)
    assert.isTrue(await until("the program ends", () => isGone(pid)))
  })

  it("ends at once for a second SIGINT, whatever a program makes of its own signals", async () => {
    writeFileSync(
      join(directory, "x.yaml"),
      `stages:\n  deaf: { uses: command, with: { run: 'trap "" TERM; echo $$ > "$PID_FILE"; sleep 600; sleep 600', secret: [PID_FILE] } }\n`
    )
    const run = start("run", "x.yaml")
    const pid = await program()
    run.child.kill("SIGINT")
    await delay(1000)
    assert.isUndefined(isGone(pid))
    run.child.kill("SIGINT")
    assert.strictEqual((await run.ended).code, 130)
    assert.isTrue(await until("the program ends", () => isGone(pid)))
  })

  it("takes the run with it when it is killed", async () => {
    const run = start("run", "x.yaml")
    const pid = await program()
    run.child.kill("SIGKILL")
    assert.isTrue(await until("the program ends", () => isGone(pid)))
  })
})
