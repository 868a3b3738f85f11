import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { expect } from "vitest"
import { decodeFindings, verdict } from "../../../src/report/findings/finding.ts"
import { findingsMarkdown, findingsPage } from "../../../src/report/findings/findings-table.ts"
import { judgeFindings } from "../../../src/report/findings/judge-findings.ts"

const measured = (value: number, half?: number) => ({
  value,
  interval: half === undefined ? undefined : { low: value - half, high: value + half }
})

it("a finding comes out where the intervals do not meet, and both sides agree on it", () => {
  expect(verdict(measured(0.7, 0.1), "above", measured(0.5))).toBe("yes")
  expect(verdict(measured(0.55, 0.1), "above", measured(0.5))).toBe("open")
  expect(verdict(measured(0.3, 0.1), "above", measured(0.5))).toBe("no")
  expect(verdict(measured(0.5), "above", measured(0.5))).toBe("no")
  const numbers = fc.record({
    value: fc.integer({ min: -9, max: 9 }),
    half: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined })
  })
  fc.assert(
    fc.property(numbers, numbers, (a, b) => {
      const [one, other] = [measured(a.value, a.half), measured(b.value, b.half)]
      expect(verdict(one, "above", other)).toBe(verdict(other, "below", one))
    })
  )
})

it("a finding says when it comes out, once", () => {
  const given = { finding: "f", source: "s", published: "1", measured: "a.b" }
  const problems = (finding: Record<string, string | number>) =>
    Result.match(decodeFindings([finding]), { onFailure: (all) => all.map(({ param }) => param), onSuccess: () => [] })
  expect(problems({ ...given, above: 1 })).toEqual([])
  expect(problems(given)).toEqual(["findings[0]"])
  expect(problems({ ...given, above: 1, below: "c.d" })).toEqual(["findings[0]"])
  expect(problems({ ...given, above: 1, more: 2 })).toEqual(["findings[0].more"])
})

it.effect("results are looked up by name, several give their mean over them, and the table escapes what it says", () =>
  Effect.gen(function* () {
    const result = (metrics: Record<string, number>) => ({ artifact: { metrics, unmeasured: { z: "nothing fires" } } })
    const results = { one: result({ x: 0.8, x_low: 0.7, x_high: 0.9 }), seeds: [result({ x: 1 }), result({ x: 3 })] }
    const findings = (name: string) => [
      { finding: "<b> | c", source: "s", published: "0.9", measured: "one.x", above: 0.5 },
      { finding: "seeds", source: "s", published: "2", measured: name, below: "one.x" }
    ]
    const judged = yield* judgeFindings(results, findings("seeds.x"), true)
    const table = findingsMarkdown(judged)
    expect(table).toContain("| <b> \\| c | s | 0.9 | 0.8000 (0.7000 to 0.9000) | above 0.5000 | yes |")
    // 2 +- 12.706 * 1, of two seeds.
    expect(table).toContain(
      "| 2 (-10.71 to 14.71) | below one.x, 0.8000 (0.7000 to 0.9000) | open: the intervals meet |"
    )
    expect(findingsPage("t", judged)).toContain("&lt;b&gt; | c")
    // What failed is told; what is there is judged all the same.
    const lacking = yield* judgeFindings({ one: results.one }, findings("seeds.x"), false)
    expect(lacking.map((each) => each.verdict)).toEqual(["yes", "missing"])
    expect(findingsMarkdown(lacking)).toContain(
      "| 2 | - | below one.x, 0.8000 (0.7000 to 0.9000) | not measured: what it needs failed |"
    )
    expect(findingsPage("t", lacking)).toContain("not measured")
    const problem = (name: string) => Effect.map(Effect.flip(judgeFindings(results, findings(name), true)), String)
    expect(yield* problem("one.xx")).toContain('one has no metric xx; did you mean "x"?')
    expect(yield* problem("two.x")).toContain("two.x names no result")
    expect(yield* problem("one.z")).toContain("one.z has no number: nothing fires")
  })
)
