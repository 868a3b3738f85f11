import { assert, describe, it } from "vitest"
import { file, problemsOf } from "./compile-text.ts"

const axes = (names: string): string => [...names].map((name) => `${name}: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]`).join(", ")
const stage = (name: string, matrix: string, rest = ""): string =>
  `  ${name}:\n    uses: command\n    matrix: { ${matrix} }\n    with: { run: x${rest} }\n`

describe("an experiment that would fill the memory", () => {
  it("by the product of its axes is refused where they stand, before a row is made", () => {
    assert.deepStrictEqual(problemsOf(file(`stages:\n${stage("s", axes("abcdefghijklmno"))}`)), [
      "x.yaml:4:13 stages.s.matrix: its axes (a 10, b 10, c 10, d 10, e 10, f 10, g 10, h 10, i 10, j 10, k 10, l 10, m 10, n 10, o 10) give 1,000,000,000,000,000 instances; an experiment has at most 20,000"
    ])
  })

  it("by the sum of its stages is told at the first one that is too many", () => {
    const most = `${axes("wxy")}, z: [${Array.from({ length: 20 }, (_, i) => i).join()}]`
    const many = stage("a", axes("w")) + stage("b", axes("x")) + stage("c", most) + stage("d", axes("w"))
    assert.deepStrictEqual(problemsOf(file(`stages:\n${many}`)), [
      "x.yaml:12:13 stages.c.matrix: 20,000 instances make 20,020 with those of other stages; an experiment has at most 20,000"
    ])
  })

  it("by lists in every instance is refused too", () => {
    const list = stage("b", axes("vwxy"), `, inputs: { all: "\${{ stages.a[*] }}" }`)
    assert.deepStrictEqual(problemsOf(file(`stages:\n${stage("a", axes("wxy"))}${list}`)), [
      "x.yaml:8:13 stages.b.matrix: its instances hold, with those of other stages, more than 5,000,000 values and references to artifacts"
    ])
  })
})

describe("a text of any length", () => {
  it("in an expression, a selector or a name is shown by its beginning and its end", () => {
    const long = "y".repeat(140_000)
    for (const run of [`\${{ ${long} }}`, `\${{ stages.a[${long}] }}`, `\${{ params.${long} }}`]) {
      const [problem = "", ...more] = problemsOf(file(`stages:\n  a: { uses: command, with: { run: "${run}" } }\n`))
      assert.deepStrictEqual(more, [])
      assert.isBelow(problem.length, 700)
      assert.match(problem, /^x\.yaml:2:36 stages\.a\.with\.run: .*y\.\.\. \(\d+ characters\) \.\.\./)
    }
  })
})
