import * as fc from "fast-check"
import { globSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { assert, describe, it } from "vitest"
import { readPlainYaml } from "../../src/specification/read-plain-yaml.ts"
import { readAnyYaml } from "../../src/specification/read-yaml.ts"

const repository = resolve(import.meta.dirname, "..", "..")
const limits = { nodes: 1000, depth: 64 }

/** Where the plain reader reads at all, it gives what the parser of all of YAML gives. */
const agree = (text: string): boolean => {
  const plain = readPlainYaml("f.yaml", text, limits)
  if (plain === undefined) return false
  const whole = readAnyYaml("f.yaml", text)
  assert.deepStrictEqual(whole.problems, [], text)
  assert.deepStrictEqual(plain, whole.node, text)
  return true
}

const scalars = [
  "x",
  "a b",
  "1",
  "-1",
  "+1",
  "1_000",
  "1_000_x",
  "_1",
  "0.5",
  ".5",
  "1.",
  "1e6",
  "-1.5E-3",
  "1e400",
  "-0",
  "007",
  "0x1f",
  "0o17",
  ".inf",
  "-.inf",
  ".nan",
  "9007199254740993",
  "1e",
  "1.2.3",
  "2026-01-01",
  "12:30",
  "a:b",
  "a#b",

  "true",
  "True",
  "tRUE",
  "False",
  "null",
  "NULL",
  "~",
  "~x",
  "yes",
  "y",
  "no",
  "<<",
  "=",
  "",
  "-",
  "- x",
  "--",
  "-x",
  "${{ stages.a }}",
  "${{ stages.sae[width=1, seed=*] }}",
  "stages.sae[*]",
  "a, b",
  "a]b",
  "x}",
  "{x",
  "[x",

  '"q"',
  '"q\\n"',
  '"a\\tb \\"c\\" \\\\n d"',
  '"a \\" # b"',
  '"a # b"',
  '"',
  '""',
  "''",
  "'it''s'",
  "'a: b'",
  '"a": b',
  "'x' y",
  "é",
  "𝒳",
  "a\tb",
  "@x",
  "%x",

  "[1, 2]",
  "[]",
  "[ ]",
  "[a, [b, c]]",
  "[a b, 'c']",
  "[1, 2, ]",
  "[,]",
  "[a: 1]",
  "{ a: 1 }",
  "{}",
  "{a: 1, a: 2}",

  "{ a: [1, { b: 2 }], 'c d': x }",
  '{ "a":1 }',
  "{ a }",
  "{ a: }",
  "[-1, -x, - y]",
  "{ a: ${{ params.x }} }",
  "[a#b]",

  "[1",
  "{ a: 1",
  "&a x",
  "*a",
  "!!str 1",
  "|",
  ">",
  "? x",
  "x # y",
  "x #y",
  "x#y",
  "# y",
  "a: b",
  "a:",
  ": a",
  "`x`"
]
const keys = [
  "a",
  "b",
  "a-b",
  "a.b",
  "_a",
  "1",
  "true",
  "null",
  "y",
  "<<",
  '"a b"',
  "'a'",
  '"x\\ty"',
  "a b",
  "é",
  "?",
  "- a",
  "a:b"
]

const line = fc
  .record({
    indent: fc.constantFrom(0, 0, 0, 2, 2, 4, 4, 1, 3, 6),
    dash: fc.constantFrom("", "", "", "- ", "-  "),
    key: fc.constantFrom("", ...keys, ...keys.slice(0, 5), ...keys.slice(0, 5)),
    colon: fc.constantFrom(":", ": ", ": ", ":  ", " : "),
    value: fc.constantFrom("", "", "", ...scalars),
    end: fc.constantFrom("", "", "", " ", " # comment", "\n", "\n# comment", "\n   # comment")
  })
  .map(
    ({ indent, dash, key, colon, value, end }) =>
      " ".repeat(indent) + dash + (key === "" ? value : key + colon + value) + end
  )

/** Maps and lists that are laid out as people do, with any scalars. */
const { node: tidy } = fc.letrec<{ node: ReadonlyArray<string> }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    fc
      .array(fc.tuple(fc.constantFrom(...keys.slice(0, 5)), fc.constantFrom(...scalars)), {
        minLength: 1,
        maxLength: 3
      })
      .map((entries) => entries.map(([key, value]) => `${key}: ${value}`)),
    fc
      .array(fc.constantFrom(...scalars), { minLength: 1, maxLength: 3 })
      .map((items) => items.map((item) => `- ${item}`)),
    fc
      .array(fc.tuple(fc.constantFrom(...keys.slice(0, 5)), tie("node")), { minLength: 1, maxLength: 3 })
      .map((entries) => entries.flatMap(([key, below]) => [`${key}:`, ...below.map((text) => `  ${text}`)]))
  )
}))

describe("readPlainYaml", () => {
  it("reads all files that come with the package and repeat nothing by an alias, as the parser of all of YAML does", () => {
    const files = globSync("{pipelines,experiments,examples/own-stage}/**/*.yaml", { cwd: repository })
    const texts = files.map((file) => [file, readFileSync(join(repository, file), "utf8")] as const)
    const left = texts.filter(([, text]) => !agree(text) && !/: \*\w/.test(text)).map(([file]) => file)
    // A lock file is read by its own rules.
    assert.deepStrictEqual(
      left.filter((file) => !file.endsWith(".lock.yaml")),
      []
    )
  })

  it("gives what the parser of all of YAML gives, or leaves the text to it", () => {
    let [read, left] = [0, 0]
    const count = (text: string): void => void (agree(text) ? read++ : left++)
    for (const scalar of scalars) for (const text of [`k: ${scalar}\n`, `k:\n  - ${scalar}\n`]) count(text)
    fc.assert(
      fc.property(tidy, (lines) => count(`${lines.join("\n")}\n`)),
      { numRuns: 800 }
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => count(lines.join("\n"))),
      { numRuns: 1500 }
    )
    // It would be of no use if it left most of what is laid out tidily, and no test if it never met anything else.
    assert.isAbove(read, 300)
    assert.isAbove(left, 300)
  })

  it("leaves what is beyond the limits", () => {
    assert.isUndefined(readPlainYaml("f", "a: [1, 2, 3]\n", { nodes: 4, depth: 64 }))
    assert.isUndefined(readPlainYaml("f", "a: [[[1]]]\n", { nodes: 100, depth: 4 }))
    assert.isDefined(readPlainYaml("f", "a: [1, 2, 3]\n", { nodes: 5, depth: 64 }))
  })
})
