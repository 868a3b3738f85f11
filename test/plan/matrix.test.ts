import { assert, describe, it } from "vitest"
import * as fc from "fast-check"
import { compiled, file, instance, instancesOf, problemsOf } from "./compile-text.ts"

const withMatrix = (matrix: string, rest = ""): string => `params:
  widths: { type: list, items: integer, default: [512, 2048] }
stages:
  s:
    uses: command
    matrix: ${matrix}
    with: { run: x, output: Sae }
${rest}`

const ids = (text: string, stage = "s") =>
  instancesOf(text)
    .filter((each) => each.stage === stage)
    .map(({ id }) => id)

describe("matrix", () => {
  it("is row-major: the last axis moves fastest", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }), (sizes) => {
        const axes = sizes.map((size, axis) => `a${axis}: [${Array.from({ length: size }, (_, i) => i).join(", ")}]`)
        const found = instancesOf(withMatrix(`{ ${axes.join(", ")} }`))
        // The row number, written in the mixed radix of the axis sizes, is the row's coordinates.
        found.forEach((each, row) => {
          let rest = row
          const digits = sizes.map(() => 0)
          for (let axis = sizes.length - 1; axis >= 0; axis--) {
            digits[axis] = rest % (sizes[axis] as number)
            rest = Math.floor(rest / (sizes[axis] as number))
          }
          assert.deepStrictEqual(Object.values(each.at), digits)
          assert.strictEqual(each.order, row)
        })
        assert.strictEqual(
          found.length,
          sizes.reduce((a, b) => a * b, 1)
        )
      }),
      { numRuns: 40 }
    )
  })

  it("takes lists of parameters and lists with parameters in them", () => {
    assert.deepStrictEqual(ids(withMatrix('{ width: "${{ params.widths }}" }')), ["s[width=512]", "s[width=2048]"])
    assert.deepStrictEqual(ids(withMatrix('{ width: ["${{ params.widths[-1] }}", 7] }')), [
      "s[width=2048]",
      "s[width=7]"
    ])
  })

  it("takes texts, lists and maps as values; ids quote what could be misread", () => {
    assert.deepStrictEqual(ids(withMatrix('{ x: [a.b-c, "a, b", [1, 2], { k: v }, null, true] }')), [
      "s[x=a.b-c]",
      's[x="a, b"]',
      "s[x=[1,2]]",
      's[x={"k":"v"}]',
      "s[x=null]",
      "s[x=true]"
    ])
  })

  it("exclude takes rows away", () => {
    assert.deepStrictEqual(ids(withMatrix("{ a: [1, 2], b: [3, 4], exclude: [{ a: 1, b: 4 }, { a: 2, b: 3 }] }")), [
      "s[a=1,b=3]",
      "s[a=2,b=4]"
    ])
    assert.deepStrictEqual(ids(withMatrix("{ a: [1, 2], b: [3, 4], exclude: [{ a: 1 }] }")), [
      "s[a=2,b=3]",
      "s[a=2,b=4]"
    ])
  })

  it("include adds to the rows it agrees with, or is a row of its own", () => {
    assert.deepStrictEqual(ids(withMatrix("{ a: [1, 2], include: [{ a: 2, lr: 0.1 }, { a: 3, lr: 0.2 }] }")), [
      "s[a=1]",
      "s[a=2,lr=0.1]",
      "s[a=3,lr=0.2]"
    ])
    assert.deepStrictEqual(ids(withMatrix("{ a: [1, 2], include: [{ lr: 0.1 }] }")), ["s[a=1,lr=0.1]", "s[a=2,lr=0.1]"])
    assert.deepStrictEqual(ids(withMatrix("{ include: [{ a: 1 }, { a: 2, b: 3 }] }")), ["s[a=1]", "s[a=2,b=3]"])
  })

  it("the value of an axis reaches the parameters with its type", () => {
    const text = withMatrix(
      "{ x: [1, a, true, [1, 2]] }",
      '  t: { uses: command, matrix: { x: [1] }, with: { run: "v=${{ matrix.x }}", values: { x: "${{ matrix.x }}" } } }\n'
    )
    assert.deepStrictEqual(instance(instancesOf(text), "t[x=1]").params, {
      run: "v=1",
      values: { x: 1 },
      files: [],
      output: "Files"
    })
  })
})

describe("an axis over artifacts", () => {
  const rest = (matrix: string, value = "matrix.sae"): string =>
    `  m: { uses: command, matrix: ${matrix}, with: { run: x, inputs: { sae: "\${{ ${value} }}" } } }\n`

  it("hands down coordinates, one instance for each artifact", () => {
    const found = instancesOf(
      withMatrix(
        "{ width: [512, 2048], seed: [0, 1] }",
        rest('{ sae: "${{ stages.s[seed=1] }}" }').replace("[seed=1]", "[seed=1, width=*]")
      )
    )
    assert.deepStrictEqual(
      found.filter(({ stage }) => stage === "m").map(({ id, needs }) => [id, needs]),
      [
        ["m[width=512,seed=1]", ["s[width=512,seed=1]"]],
        ["m[width=2048,seed=1]", ["s[width=2048,seed=1]"]]
      ]
    )
  })

  it("gives its coordinates to expressions", () => {
    const text = withMatrix(
      "{ width: [512, 2048] }",
      '  m: { uses: command, matrix: { sae: "${{ stages.s[*] }}" }, with: { run: x, values: { w: "${{ matrix.sae.width }}" } } }\n'
    )
    assert.deepStrictEqual(instance(instancesOf(text), "m[width=2048]").params["values"], { w: 2048 })
  })

  it("multiplies with other axes; equal names get the axis as prefix", () => {
    assert.deepStrictEqual(ids(withMatrix("{ width: [1, 2] }", rest('{ sae: "${{ stages.s[*] }}", k: [8] }')), "m"), [
      "m[width=1,k=8]",
      "m[width=2,k=8]"
    ])
    assert.deepStrictEqual(
      ids(
        withMatrix(
          "{ width: [1, 2] }",
          rest(
            '{ small: "${{ stages.s[*] }}", large: "${{ stages.s[*] }}", exclude: [{ small.width: 2 }] }',
            "matrix.large"
          )
        ),
        "m"
      ),
      ["m[small.width=1,large.width=1]", "m[small.width=1,large.width=2]"]
    )
  })

  it("over different stages is named by the artifacts", () => {
    const text = withMatrix(
      "{ width: [1] }",
      `  t: { uses: command, with: { run: y, output: Sae } }
${rest('{ sae: ["${{ stages.t }}", "${{ stages.s[*] }}"] }')}`
    )
    assert.deepStrictEqual(ids(text, "m"), ["m[sae=t]", 'm[sae="s[width=1]"]'])
  })

  it("can be followed by a further axis of the same kind", () => {
    const text = withMatrix(
      "{ width: [1, 2] }",
      `${rest('{ sae: "${{ stages.s[*] }}" }')}  n: { uses: command, matrix: { m: "\${{ stages.m[*] }}" }, with: { run: x, inputs: { m: "\${{ matrix.m }}", s: "\${{ stages.s[width=matrix.m.width] }}" } } }
`
    )
    assert.deepStrictEqual(instance(instancesOf(text), "n[width=2]").needs, ["m[width=2]", "s[width=2]"])
  })
})

describe("selectors", () => {
  const needs = (selector: string): ReadonlyArray<string> =>
    instance(
      instancesOf(
        withMatrix(
          "{ width: [512, 2048], seed: [1, 0] }",
          `  r: { uses: command, with: { run: x, inputs: { i: "\${{ stages.s${selector} }}" } } }\n`
        )
      ),
      "r"
    ).needs

  it("literals, positions, parameters", () => {
    assert.deepStrictEqual(needs("[width=512, seed=0]"), ["s[width=512,seed=0]"])
    // The first of [1, 0] is 1: positions, not sizes.
    assert.deepStrictEqual(needs("[width=last, seed=first]"), ["s[width=2048,seed=1]"])
    assert.deepStrictEqual(needs("[seed=last, width=params.widths[0]]"), ["s[width=512,seed=0]"])
    assert.deepStrictEqual(needs("[width=5.12e2, seed=1]"), ["s[width=512,seed=1]"])
  })

  it("* on all axes, on one, with others fixed", () => {
    const all = ["s[width=512,seed=1]", "s[width=512,seed=0]", "s[width=2048,seed=1]", "s[width=2048,seed=0]"]
    assert.deepStrictEqual(needs("[*]"), all)
    assert.deepStrictEqual(needs("[width=*]"), all)
    assert.deepStrictEqual(needs("[width=512, seed=*]"), all.slice(0, 2))
    assert.deepStrictEqual(needs("[width=*, seed=last]"), ["s[width=512,seed=0]", "s[width=2048,seed=0]"])
  })

  it("needs: order only, a bare name is all instances", () => {
    const text = withMatrix(
      "{ width: [1, 2] }",
      `  a: { uses: command, needs: s, with: { run: x } }
  b: { uses: command, needs: ["s[width=2]", a], with: { run: x } }
  c: { uses: command, needs: ["\${{ stages.s[width=first] }}"], with: { run: x } }
`
    )
    const found = instancesOf(text)
    assert.deepStrictEqual(instance(found, "a").needs, ["s[width=1]", "s[width=2]"])
    assert.deepStrictEqual(instance(found, "b").needs, ["s[width=2]", "a"])
    assert.deepStrictEqual(instance(found, "c").needs, ["s[width=1]"])
    assert.deepStrictEqual(instance(found, "b").inputs["inputs"], { shape: "record", of: {} })
  })
})

describe("an axis that nothing takes", () => {
  const saes = (given: string): string => `stages:
  model: { uses: load-model, with: { source: "builtin:m" } }
  text: { uses: load-text, with: { source: "builtin:t", model: "\${{ stages.model }}", tokens: 5 } }
  capture: { uses: capture-activations, with: { model: "\${{ stages.model }}", tokens: "\${{ stages.text }}", hook: h } }
  sae:
    uses: train-sae
    matrix: { width: [512, 2048], seed: [0, 1] }
    with: { activations: "\${{ stages.capture }}", d_sae: "\${{ matrix.width }}"${given} }
`
  const same =
    "sae[width=512,seed=0] and sae[width=512,seed=1] compute the same: nothing under with: takes what they differ in"
  const notes = (text: string, assignments: ReadonlyArray<string> = []) =>
    compiled(file(text, assignments)).notes.map(({ path, message }) => `${path}: ${message}`)

  it("is wrong where it has the name of a parameter that is left at its default: seeds would all be one", () => {
    assert.deepStrictEqual(problemsOf(file(saes(""))), [
      `x.yaml:7:35 stages.sae.matrix.seed: ${same}; add seed: \${{ matrix.seed }} there`
    ])
    assert.deepStrictEqual(notes(saes(', seed: "${{ matrix.seed }}"')), [])
  })

  it("is told where the file says the value, or --set does for a try", () => {
    const note = `stages.sae.matrix: ${same}; it is one result, with no noise of its own`
    assert.deepStrictEqual(notes(saes(", seed: 7")), [note])
    assert.deepStrictEqual(notes(saes(', seed: "${{ matrix.seed }}"'), ["stages.sae.with.seed=7"]), [note])
  })

  it("is right where a selector takes it", () => {
    const text = `${saes(', seed: "${{ matrix.seed }}"')}  meta:
    uses: train-sae
    matrix: { seed: [0, 1] }
    with: { activations: "\${{ stages.capture }}", d_sae: 64, seed: "\${{ matrix.seed }}" }
  pick: { uses: evaluate-sae, matrix: { seed: [0, 1] }, with: { sae: "\${{ stages.meta[seed=matrix.seed] }}", activations: "\${{ stages.capture }}" } }
`
    assert.deepStrictEqual(notes(text), [])
  })
})
