import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { gitState } from "../../src/project/git-state.ts"

const directory = mkdtempSync(join(tmpdir(), "git-state-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const git = (...words: ReadonlyArray<string>): string =>
  execFileSync("git", ["-C", directory, "-c", "user.name=a", "-c", "user.email=a@b", ...words], { encoding: "utf8" })

it("tells a folder's commit, and whether the folder differs from it; null where there is none", async () => {
  expect(await gitState(directory)).toBe(null)
  git("init", "--quiet")
  expect(await gitState(directory)).toBe(null)
  writeFileSync(join(directory, ".gitignore"), "cache/\n")
  git("add", ".")
  git("commit", "--quiet", "-m", "one")
  const commit = git("rev-parse", "HEAD").trim()
  mkdirSync(join(directory, "cache"))
  writeFileSync(join(directory, "cache", "ignored"), "")
  expect(await gitState(directory)).toEqual({ commit, dirty: false })
  writeFileSync(join(directory, "new"), "")
  expect(await gitState(directory)).toEqual({ commit, dirty: true })
  mkdirSync(join(directory, "below"))
  // What is beside a project in its repository does not make the project's code another one.
  expect(await gitState(join(directory, "below"))).toEqual({ commit, dirty: false })
})
