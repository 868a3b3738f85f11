/**
 * Prints the slowest files, and on a last line of their own, which scripts can read, the true numbers: `N passed, N failed,
 * N skipped`.
 */
import { relative } from "node:path"
import type { Reporter, TestModule } from "vitest/node"

const slowestShown = 10

const seconds = (module: TestModule): number => module.diagnostic().duration / 1000

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandled: ReadonlyArray<unknown>): void {
    let passed = 0
    // A module that does not load, or an error outside every test, fails the run without a test that could.
    let failed = unhandled.length
    let skipped = 0
    for (const module of modules) {
      if (module.state() === "failed" && [...module.children.allTests()].length === 0) failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === "passed") passed++
        else if (state === "failed") failed++
        else skipped++
      }
    }
    if (modules.length > slowestShown) {
      process.stdout.write("\nThe slowest files, seconds:\n")
      for (const module of modules.toSorted((a, b) => seconds(b) - seconds(a)).slice(0, slowestShown)) {
        process.stdout.write(`${seconds(module).toFixed(1).padStart(7)}  ${relative(process.cwd(), module.moduleId)}\n`)
      }
    }
    process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`)
  }
}
