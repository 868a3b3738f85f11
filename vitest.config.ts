import { globSync, readFileSync } from "node:fs"
import { defineConfig } from "vitest/config"

/**
 * What a test file needs follows from what it imports: a tensor engine, of which a process holds one; one that it names or
 * disturbs, and then a process of its own; processes of its own to start; or none of these. Loading an engine takes longer than
 * most tests do, so files that take whatever engine there is share a process, as those that need none share a thread.
 */
const needs = {
  engine: /\/engine(\/engine)?\.ts"|\/run-stage\.ts"|\/sparse-(kernels|steps)\.ts"|tensor\/.*load-/,
  ownEngine: /"\.\/engine\.ts"|\/sparse-(kernels|steps)\.ts"|tensor\/.*load-|loadEngine\(|stubEnv|spyOn/,
  process:
    /run-cli|run-graph|start-head|startSlurm|commandExecutor|layer as localExecutor|node:child_process|node:worker_threads/
}

const files = globSync("test/**/*.test.ts", { cwd: import.meta.dirname })
const projectOf = (file: string): "engine" | "own engine" | "process" | "pure" => {
  const text = readFileSync(new URL(file, import.meta.url), "utf8")
  if (needs.process.test(text)) return "process"
  if (!needs.engine.test(text)) return "pure"
  return needs.ownEngine.test(text) ? "own engine" : "engine"
}
const inProject = (name: ReturnType<typeof projectOf>): Array<string> =>
  files.filter((file) => projectOf(file) === name)

export default defineConfig({
  test: {
    reporters: ["default", "./test/count-reporter.ts"],
    globalSetup: "./test/temporary-folders.ts",
    setupFiles: "./test/property-seed.ts",
    // One more than the machine of CI has cores: many tests wait, for a worker, a batch system or a clock.
    maxWorkers: 3,
    // Only for what hangs: a busy machine takes several times as long as a quiet one.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    projects: [
      { extends: true, test: { name: "pure", include: inProject("pure"), pool: "threads", isolate: false } },
      { extends: true, test: { name: "engine", include: inProject("engine"), pool: "forks", isolate: false } },
      { extends: true, test: { name: "own engine", include: inProject("own engine"), pool: "forks" } },
      { extends: true, test: { name: "process", include: inProject("process"), pool: "forks" } }
    ]
  }
})
