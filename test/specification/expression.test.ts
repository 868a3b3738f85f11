import { assert, describe, it } from "vitest"
import { parseExpression, parseSelector, parseTemplate, Unreadable } from "../../src/specification/expression.ts"
import type { Selector } from "../../src/specification/expression.ts"

const selector = (text: string): Selector => {
  const parsed = parseSelector(text)
  if (parsed instanceof Unreadable) throw new Error(parsed.message)
  return parsed
}

describe("expressions", () => {
  it("read parameters, matrix values and stages", () => {
    assert.deepStrictEqual(parseExpression(" params.widths[0][-1] "), {
      kind: "param",
      name: "widths",
      indexes: [0, -1]
    })
    assert.deepStrictEqual(parseExpression("matrix.sae.width"), { kind: "matrix", axis: "sae", coordinate: "width" })
    assert.deepStrictEqual(parseExpression("matrix.sae"), { kind: "matrix", axis: "sae", coordinate: undefined })
    assert.deepStrictEqual(parseExpression("stages.train-sae"), {
      kind: "stage",
      stage: "train-sae",
      selector: undefined
    })
    assert.deepStrictEqual(parseExpression("stages.sae[*]"), {
      kind: "stage",
      stage: "sae",
      selector: { terms: new Map(), list: true }
    })
  })

  it("read selectors of literals, positions, parameters and *", () => {
    const { terms, list } = selector(
      "width=params.widths[0], seed=*, lr=1e-3, a=first, b=last, m=matrix.x.y, s='last', t=\"a, b\", n=null"
    )
    assert.isTrue(list)
    assert.deepStrictEqual(
      [...terms].map(([axis, term]) => [axis, term.kind === "literal" ? term.value : term.kind]),
      [
        ["width", "param"],
        ["seed", "any"],
        ["lr", 0.001],
        ["a", "first"],
        ["b", "last"],
        ["m", "matrix"],
        ["s", "last"],
        ["t", "a, b"],
        ["n", null]
      ]
    )
    assert.isFalse(selector("width=512").list)
    assert.deepStrictEqual(selector("hook=blocks.2.hook_resid_post").terms.get("hook"), {
      kind: "literal",
      value: "blocks.2.hook_resid_post",
      text: "blocks.2.hook_resid_post"
    })
  })

  it("refuse what they cannot read", () => {
    for (const text of [
      "",
      "params",
      "params.",
      "params.a.b",
      "stages.a[",
      "stages.a[]",
      "stages.a[x]",
      "stages.a[x=]",
      "1 + 1"
    ]) {
      assert.instanceOf(parseExpression(text), Unreadable, text)
    }
    assert.instanceOf(parseSelector("a=1, a=2"), Unreadable)
  })
})

describe("templates", () => {
  it("a whole string is one expression, anything around it makes a text", () => {
    assert.deepStrictEqual(parseTemplate("plain"), { kind: "text" })
    assert.deepStrictEqual(parseTemplate(" ${{ params.a }} "), {
      kind: "whole",
      expression: { kind: "param", name: "a", indexes: [] }
    })
    assert.deepStrictEqual(parseTemplate("x-${{ params.a }}${{ params.b }}!"), {
      kind: "mixed",
      parts: ["x-", { kind: "param", name: "a", indexes: [] }, { kind: "param", name: "b", indexes: [] }, "!"]
    })
    assert.instanceOf(parseTemplate("${{ params.a }"), Unreadable)
  })
})
