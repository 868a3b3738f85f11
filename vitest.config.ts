import { readFileSync } from "node:fs"
import { globSync } from "node:fs"
import { defineConfig } from "vitest/config"

/**
 * What a test file needs follows from what it imports: a tensor engine, of which a process holds one, so that each such file
 * has a process of its own; processes of its own to start; or neither, and then it shares a thread with others of its kind.
 */
const needs = {
  engine: /\/engine(\/engine)?\.ts"|\/run-stage\.ts"|\/sparse-(kernels|steps)\.ts"|tensor\/.*load-/,
  process:
    /run-cli|run-graph|start-head|startSlurm|commandExecutor|layer as localExecutor|node:child_process|node:worker_threads/
}

const files = globSync("test/**/*.test.ts", { cwd: import.meta.dirname })
const projectOf = (file: string): "engine" | "process" | "pure" => {
  const text = readFileSync(new URL(file, import.meta.url), "utf8")
  return needs.process.test(text) ? "process" : needs.engine.test(text) ? "engine" : "pure"
}
const inProject = (name: ReturnType<typeof projectOf>): Array<string> =>
  files.filter((file) => projectOf(file) === name)

export default defineConfig({
  test: {
    reporters: ["default", "./test/count-reporter.ts"],
    maxWorkers: 2,
    // Only for what hangs: a busy machine takes several times as long as a quiet one.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    projects: [
      { extends: true, test: { name: "pure", include: inProject("pure"), pool: "threads", isolate: false } },
      { extends: true, test: { name: "engine", include: inProject("engine"), pool: "forks" } },
      { extends: true, test: { name: "process", include: inProject("process"), pool: "forks" } }
    ]
  }
})
