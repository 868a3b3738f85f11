import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    reporters: ["default", "./test/count-reporter.ts"],
    include: ["test/**/*.test.ts"],
    // A process holds one tensor engine: every test file has a process of its own.
    pool: "forks",
    maxWorkers: 2,
    // Only for what hangs: a busy machine takes several times as long as a quiet one.
    testTimeout: 240_000,
    hookTimeout: 240_000
  }
})
