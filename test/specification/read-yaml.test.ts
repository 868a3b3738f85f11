import { assert, describe, it } from "vitest"
import { formatLocation } from "../../src/specification/location.ts"
import type { Node } from "../../src/specification/node.ts"
import { toJson } from "../../src/specification/node.ts"
import { formatProblem } from "../../src/specification/problem.ts"
import { readYaml } from "../../src/specification/read-yaml.ts"

const read = (text: string): Node => {
  const { node, problems } = readYaml("f.yaml", text)
  if (node === undefined || problems.length > 0) throw new Error(problems.map(formatProblem).join("\n"))
  return node
}
const problems = (text: string) => readYaml("f.yaml", text).problems.map(formatProblem)

/** The node at a path of keys. */
const at = (node: Node, ...path: ReadonlyArray<string | number>): Node => {
  const [head, ...rest] = path
  if (head === undefined) return node
  const next =
    node.type === "map"
      ? node.entries.get(String(head))?.value
      : node.type === "list"
        ? node.items[Number(head)]
        : undefined
  if (next === undefined) throw new Error(`nothing at ${head}`)
  return at(next, ...rest)
}

describe("readYaml", () => {
  it("reads numbers as people write them", () => {
    const node = read("[400_000, 1e6, 0.5, -1_000, 0x10, 1_000_x, '400_000', true, null, ~, yes, 2026-01-01]")
    assert.deepStrictEqual(toJson(node), [
      400000,
      1000000,
      0.5,
      -1000,
      16,
      "1_000_x",
      "400_000",
      true,
      null,
      null,
      "yes",
      "2026-01-01"
    ])
  })

  it("gives every value its line and column", () => {
    const node = read('a: 1\nb:\n  - x\n  - { c: "y", d: [2, 3] }\ne:\n')
    assert.strictEqual(formatLocation(at(node, "a").at), "f.yaml:1:4")
    assert.strictEqual(formatLocation(at(node, "b", 0).at), "f.yaml:3:5")
    assert.strictEqual(formatLocation(at(node, "b", 1, "c").at), "f.yaml:4:10")
    assert.strictEqual(formatLocation(at(node, "b", 1, "d", 1).at), "f.yaml:4:22")
    assert.strictEqual(node.type === "map" && formatLocation(node.entries.get("e")?.keyAt as never), "f.yaml:5:1")
  })

  it("follows anchors and merge keys; own keys win, then the earlier merge; places are where the values stand", () => {
    const node = read("a: &a { x: 1, y: 2 }\nb: &b { y: 3, z: 4 }\nc: { <<: [*a, *b], x: 9 }\nd: *a\n")
    assert.deepStrictEqual(toJson(at(node, "c")), { x: 9, y: 2, z: 4 })
    assert.deepStrictEqual(toJson(at(node, "d")), { x: 1, y: 2 })
    assert.strictEqual(formatLocation(at(node, "c", "z").at), "f.yaml:2:18")
  })

  it("refuses what would be read as something else", () => {
    assert.deepStrictEqual(problems("a: .nan"), ["f.yaml:1:4 a: .nan is not a finite number"])
    assert.deepStrictEqual(problems("a: 12345678901234567890"), [
      "f.yaml:1:4 a: 12345678901234567890 has more digits than a number can hold exactly; quote it if it is a name"
    ])
    assert.deepStrictEqual(problems("a: { b: 1, b: 2 }"), ["f.yaml:1:12 a.b: given twice, first in line 1"])
    assert.deepStrictEqual(problems("? [1, 2]\n: 3"), ["f.yaml:1:1: a key must be a plain value"])
    assert.deepStrictEqual(problems("a: *b"), ["f.yaml:1:1 a: there is no anchor &b above"])
    assert.deepStrictEqual(problems("a: &a [1, *a]"), ["f.yaml:1:7 a[1]: the anchor &a contains itself"])
    assert.deepStrictEqual(problems("a: &a { <<: 3 }"), ["f.yaml:1:9 a: << takes a map, or a list of maps"])
  })

  it("stops at aliases of aliases that would fill the memory", () => {
    const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(", ")}]`)
    const found = problems(`a0: &a0 [x]\n${levels.join("\n")}\n`)
    assert.strictEqual(found.length, 1)
    assert.match(found[0] as string, /more than 100000 values, aliases counted$/)
    // Half of a text would only be told what it lacks.
    assert.isUndefined(readYaml("f.yaml", `a0: &a0 [x]\n${levels.join("\n")}\n`).node)
  })

  it("says what to do about a second document", () => {
    assert.deepStrictEqual(problems("a: 1\n---\nb: 2\n"), [
      "f.yaml:2:1: a second document begins here, and a file holds one: take out the `---`, or make two files"
    ])
  })

  it("tells what is nested too deeply as such, however deep it is", () => {
    for (const depth of [65, 1000, 10_000]) {
      const { node, problems: found } = readYaml("f.yaml", `a: ${"[".repeat(depth)}${"]".repeat(depth)}\n`)
      assert.isUndefined(node)
      assert.match(found.map(formatProblem).join("\n"), /^f\.yaml:1:\d+.*: lists and maps are more than 64 deep/)
    }
    assert.isDefined(read(`a: ${"[".repeat(60)}${"]".repeat(60)}`))
  })
})
