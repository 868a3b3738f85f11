import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { axisValue } from "../../../src/cli/table/axis-value.ts"
import { chooseColumns } from "../../../src/cli/table/choose-columns.ts"
import { makeTable } from "../../../src/cli/table/make-table.ts"
import type { Result } from "../../../src/cli/table/result.ts"
import { tableCsv, tableNotes, tableText } from "../../../src/cli/table/table-text.ts"
import type { Json } from "../../../src/json/canonical-json.ts"

let keys = 0
const result = (
  stage: string,
  at: Record<string, Json>,
  metrics: Record<string, number>,
  over: Partial<Result> = {}
): Result => ({
  id: `${stage}${JSON.stringify(at)}`,
  stage,
  at,
  run: null,
  key: `key ${keys++}`,
  metrics,
  params: {},
  manifest: undefined,
  needs: [],
  ...over
})

const grid = [1, 2].flatMap((width) =>
  [0, 1, 2].map((seed) => result("sae", { width, seed }, { loss: width + seed, loss_low: 0 }))
)
const columns = [{ stage: "sae", metric: "loss" }]

describe("a table", () => {
  it("counts every result once in every column, whatever the axes, and its cells are their means", () => {
    const results = fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.integer({ min: -50, max: 50 })), { minLength: 1 })
    fc.assert(
      fc.property(results, fc.subarray(["a", "b"]), (rows, by) => {
        const made = rows.map(([a, b, loss], i) => result("sae", { a, b, i }, { loss }))
        const { rows: cells } = makeTable(made, by, columns)
        const total = cells.reduce((sum, { cells: [cell] }) => sum + (cell?.n ?? 0), 0)
        const weighted = cells.reduce((sum, { cells: [cell] }) => sum + (cell?.n ?? 0) * (cell?.mean ?? 0), 0)
        assert.strictEqual(total, rows.length)
        assert.closeTo(
          weighted,
          rows.reduce((sum, [, , loss]) => sum + loss, 0),
          1e-9
        )
        assert.strictEqual(new Set(cells.map(({ at }) => JSON.stringify(at))).size, cells.length)
      })
    )
  })

  it("says of how many results a mean is, what they differ in, and leaves out the ends of single intervals", () => {
    const late = result("sae", { width: 2, seed: 3 }, {}, { key: undefined })
    const table = makeTable([...grid, late], ["width"], [...columns, { stage: "sae", metric: "loss_low" }])
    assert.deepStrictEqual(tableText(table).split("\n"), [
      // Student's t of two degrees of freedom is 4.303: 4.303 / sqrt(3) = 2.5.
      "width  loss               loss_low",
      "1      2 ±2.5 (n=3)       –",
      "2      3 ±2.5 (n=3 of 4)  –"
    ])
    assert.deepStrictEqual(tableNotes(table), [
      "sae: mean ± half of its 95 % interval over seeds",
      "left out: sae.loss_low; the ends of single intervals are not those of a mean"
    ])
    assert.deepStrictEqual(makeTable(grid, ["width", "seed"], columns).averagedOver, {})
  })

  it("has the interval of a single result, and of results that differ in more than a seed their standard deviation", () => {
    const own = result("sae", { width: 1, seed: 0 }, { loss: 2, loss_low: 1.5, loss_high: 2.25 })
    const single = makeTable([own], ["width"], columns)
    assert.include(tableText(single), "2 ±0.38")
    assert.include(tableNotes(single)[0], "half of its own 95 % interval")
    const settings = makeTable(grid, [], columns)
    assert.include(tableText(settings), "2.5 ±1 (n=6)")
    assert.strictEqual(settings.rows[0]?.cells[0]?.half, null)
    assert.deepStrictEqual(tableNotes(settings), ["sae: mean ± standard deviation over width, seed"])
    const same = [0, 1, 2].map((seed) => result("sae", { width: 1, seed }, { loss: 0 }))
    assert.include(tableText(makeTable(same, ["width"], columns)), "0 (n=3)")
  })

  it("has a row for each metric where there are more of them than a line holds", () => {
    const names = Array.from({ length: 7 }, (_, i) => `metric_${i}`)
    const wide = [16, 32].map((k) => result("sae", { k }, Object.fromEntries(names.map((name, i) => [name, k + i]))))
    const table = makeTable(
      wide,
      ["k"],
      names.map((metric) => ({ stage: "sae", metric }))
    )
    const lines = tableText(table).split("\n")
    assert.strictEqual(lines[0], "k         16  32")
    assert.strictEqual(lines[7], "metric_6  22  38")
    assert.match(tableCsv(table), /^k,metric_0,metric_1/)
  })

  it("says where one seed gives no interval over seeds, whether or not rows are seeds", () => {
    const one = grid.filter(({ at }) => at["seed"] === 0)
    for (const by of [["width"], ["width", "seed"]]) {
      assert.match(tableNotes(makeTable(one, by, columns)).join(), /^sae: one seed: there is no interval over seeds/)
    }
    assert.deepStrictEqual(makeTable(grid, ["width"], columns).oneSeed, [])
  })

  it("takes a result that several runs found as one", () => {
    const once = result("sae", { width: 1 }, { loss: 1 }, { run: "r1", key: "same" })
    const again = { ...once, run: "r2" }
    assert.deepInclude(makeTable([once, again], ["width"], columns).rows[0]?.cells[0], { n: 1, of: 1 })
    assert.strictEqual(makeTable([once, again], ["run"], columns).rows.length, 2)
  })

  it("finds an axis in coordinates, parameters, or the nearest stages above, and none where those disagree", () => {
    const small = result("sae", { width: 1 }, {}, { params: { k: 8, opt: { lr: 0.1 } } })
    const large = result("sae", { width: 2 }, {}, { params: { k: 16, opt: { lr: 0.1 } } })
    const of = (axis: string, ...needs: ReadonlyArray<Result>) => axisValue(result("eval", {}, {}, { needs }), axis)
    assert.deepStrictEqual(
      [of("width", small), of("k", small), of("opt.lr", small, large), of("sae.k", large), of("params.k", small)],
      [1, 8, 0.1, 16, 8]
    )
    assert.deepStrictEqual([of("k", small, large), of("opt", small), of("sae.q", small), of("run", small)], Array(4))
  })

  it("refuses by name what has no place on an axis, is no stage, or no metric", () => {
    const all = [...grid, result("report", {}, { pages: 1 })]
    const choose = (by: Array<string>, stages: Array<string> = [], metrics: Array<string> = []) =>
      chooseColumns(all, { by, stages, metrics }, (stage) => (stage === "sae" ? ["loss", "loss_low"] : []))
    assert.deepInclude(choose([]), { by: ["width", "seed"], columns })
    assert.include(choose(["widht"]), 'no stage has a single place on the axis widht; did you mean "width"?')
    assert.include(choose(["width"], ["report"]), "report has no single place on the axis width")
    assert.include(choose(["width"], ["sea"]), 'there is no stage "sea"; did you mean "sae"?')
    assert.include(choose(["width"], [], ["lss"]), 'no result has the metric "lss"; did you mean "loss"?')
  })

  it("is CSV that reads back as it was, whatever stands in a name", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 4 }), (names) => {
        const distinct = [...new Set(names)]
        const table = makeTable(
          distinct.map((name) => result("sae", { name }, { loss: 0.1 })),
          ["name"],
          columns
        )
        const read = [...tableCsv(table).matchAll(/("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n|$)/g)]
          .map(([, text]) => (text?.startsWith('"') === true ? text.slice(1, -1).replaceAll('""', '"') : text))
          .slice(0, 2 + 2 * distinct.length)
        assert.sameMembers(read.filter((_, i) => i % 2 === 0).slice(1) as Array<string>, distinct)
        assert.deepStrictEqual(
          read.filter((_, i) => i % 2 === 1).slice(1),
          distinct.map(() => "0.1")
        )
      })
    )
  })
})
