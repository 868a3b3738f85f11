import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { session, type Spoken } from "./cli-session.ts"
import { repository } from "./run-cli.ts"

/** Files whose models or texts are downloaded when they are planned. */
const fromOutside = /^experiments\/((canonical-units-)?(gemma|gpt2)|pythia|smollm2)|^pipelines\/beside-published/

const files = ["pipelines", "experiments"].flatMap((folder) =>
  readdirSync(join(repository, folder))
    .filter((name) => name.endsWith(".yaml") && !name.endsWith(".lock.yaml"))
    .map((name) => `${folder}/${name}`)
    .filter((file) => !fromOutside.test(file))
)
const cache = mkdtempSync(join(tmpdir(), "plans-"))
afterAll(() => rmSync(cache, { recursive: true }))

const plans = new Map<string, Spoken>()
beforeAll(async () => {
  const spoken = await session(
    repository,
    files.map((file) => ["plan", file, "--cache", cache])
  )
  for (const [i, plan] of spoken.entries()) plans.set(files[i] ?? "", plan)
})

it.each(files)("%s can be planned as it stands", (file) => {
  const { failed, stdout, stderr } = plans.get(file) as Spoken
  expect(failed, stderr).toBe(false)
  // What to run first is what takes nothing of another stage; everything else waits for it.
  const first = stdout.split("\n").filter((line) => /^\S.*: run$/.test(line)).length
  const later = stdout.split("\n").filter((line) => /^\S.*: run, after /.test(line)).length
  expect(first).toBeGreaterThan(0)
  expect(stdout).toContain(`\n${first + later} stages: 0 hit, ${first} to run, ${later} that depend on those\n`)
})
