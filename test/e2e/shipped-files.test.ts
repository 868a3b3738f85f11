import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { cli, repository } from "./run-cli.ts"

/** Files whose models or texts are downloaded when they are planned. */
const fromOutside = /^experiments\/(gemma|gpt2|pythia|smollm2)|^pipelines\/beside-published/

const files = ["pipelines", "experiments"].flatMap((folder) =>
  readdirSync(join(repository, folder))
    .filter((name) => !name.endsWith(".lock.yaml"))
    .map((name) => `${folder}/${name}`)
)
const cache = mkdtempSync(join(tmpdir(), "plans-"))
afterAll(() => rmSync(cache, { recursive: true }))

it.each(files.filter((file) => !fromOutside.test(file)))("%s can be planned as it stands", async (file) => {
  const { code, stdout, stderr } = await cli(["plan", file, "--cache", cache], { cwd: repository })
  expect(code, stderr).toBe(0)
  // What to run first is what takes nothing of another stage; everything else waits for it.
  const first = stdout.split("\n").filter((line) => /^\S.*: run$/.test(line)).length
  const later = stdout.split("\n").filter((line) => /^\S.*: run, after /.test(line)).length
  expect(first).toBeGreaterThan(0)
  expect(stdout).toContain(`\n${first + later} stages: 0 hit, ${first} to run, ${later} that depend on those\n`)
})
