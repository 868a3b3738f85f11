import { spawnSync } from "node:child_process"
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { repository } from "../e2e/run-cli.ts"

const checkout = mkdtempSync(join(tmpdir(), "pipeline-bundle-"))
afterAll(() => rmSync(checkout, { recursive: true, force: true }))

const bundles = join(checkout, "user-cache", "sae-pipeline", "bundles")

const pipelineOn = (node: ReadonlyArray<string>, ...args: ReadonlyArray<string>): string => {
  const { stdout, stderr } = spawnSync(process.execPath, [...node, join(checkout, "bin", "pipeline.mjs"), ...args], {
    encoding: "utf8",
    env: { ...process.env, XDG_CACHE_HOME: join(checkout, "user-cache"), NO_COLOR: "1" }
  })
  return stdout + stderr
}
const pipeline = (...args: ReadonlyArray<string>): string => pipelineOn([], ...args)
const help = (): string => pipeline("logs", "--help")
/** A process whose clock is eleven seconds on. */
const later = ["--import", "data:text/javascript,const now = Date.now; Date.now = () => now() + 11_000"]

const scripts = (): ReadonlyArray<string> => readdirSync(bundles).filter((name) => !name.endsWith(".json"))

describe("the bundle of a checkout", () => {
  it("is made once the sources have settled, and is not used when it is damaged or a source file was edited", () => {
    for (const folder of ["bin", "src", "stages", "package.json"]) {
      cpSync(join(repository, folder), join(checkout, folder), { recursive: true })
    }
    symlinkSync(join(repository, "node_modules"), join(checkout, "node_modules"))
    const commands = join(checkout, "src", "cli", "command-line.ts")
    const edit = (from: string, to: string): void =>
      writeFileSync(commands, readFileSync(commands, "utf8").replace(from, to))
    // What a tag is given cannot be written in ASCII.
    edit('"The log of a stage"', "String.raw`The log of a stage ± ◐`")
    const first = help()
    expect(first).toContain("The log of a stage ± ◐")
    // Files that were written a moment ago may be written again.
    expect(() => scripts()).toThrow("ENOENT")

    expect(pipelineOn(later, "logs", "--help")).toBe(first)
    const [name = "", ...more] = scripts()
    expect(more).toEqual([])

    const kept = (part: string): boolean =>
      readdirSync(join(bundles, name)).some((file) => file.includes(part) && file.endsWith(".code"))
    expect([kept("base"), kept("rest")]).toEqual([true, false])
    expect(pipeline("stages")).toContain("train-sae")
    expect(kept("rest")).toBe(true)

    appendFileSync(join(bundles, name, "rest.js"), " ")
    expect(pipeline("stages")).toMatch(/rest\.js is damaged or gone\n {2}run the same command again/)
    expect(pipeline("stages")).toContain("train-sae")

    appendFileSync(join(bundles, name, "base.js"), " ")
    expect(help()).toBe(first)

    edit("The log of a stage", "What a stage printed")
    const edited = first.replace("The log of a stage", "What a stage printed")
    expect(help()).toBe(edited)

    writeFileSync(join(checkout, "src", "start", "build-bundle.ts"), 'throw new Error("no esbuild")')
    const told = "the program could not be put together, and starts from its sources, more slowly: no esbuild\n"
    expect(help()).toBe(edited + told)
  })
})
