import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { dotGraph } from "../../../src/cli/graph/dot-graph.ts"
import { graphNodes } from "../../../src/cli/graph/graph-node.ts"
import type { GraphNode } from "../../../src/cli/graph/graph-node.ts"
import { mermaidGraph } from "../../../src/cli/graph/mermaid-graph.ts"
import { railLines } from "../../../src/cli/graph/rail-lines.ts"
import type { RailNode } from "../../../src/cli/graph/rail-lines.ts"
import { terminalGraph } from "../../../src/cli/graph/terminal-graph.ts"
import { chain } from "../../plan/chain.ts"
import { instancesOf } from "../../plan/compile-text.ts"

/** Any graph: each node needs some of those before it. */
const graphs = fc.array(fc.array(fc.nat(1000), { maxLength: 4 }), { minLength: 1, maxLength: 30 }).map((choices) =>
  choices.map((needs, i): RailNode => ({
    name: `n${i}`,
    needs: [...new Set(i === 0 ? [] : needs.map((need) => need % i))].map((need) => ({ name: `n${need}` }))
  }))
)

/** What a person reads in the drawing: which earlier nodes each line takes from. */
const readBack = (lines: ReadonlyArray<string>): ReadonlyArray<ReadonlySet<string>> => {
  let rails = new Map<number, string>()
  return lines.map((line, i) => {
    const next = new Map<number, string>()
    const taken = new Set<string>()
    for (const [column, character] of [...line].entries()) {
      const above = rails.get(column)
      if (above !== undefined && "●├┼┤╰┴╯".includes(character)) taken.add(above)
      if (character === "●") next.set(column, `n${i}`)
      else if (above !== undefined && "│├┼┤".includes(character)) next.set(column, above)
    }
    rails = next
    return taken
  })
}

const node = (name: string, needs: ReadonlyArray<string> = []): GraphNode => ({
  name,
  kind: "command",
  needs: needs.map((need) => ({ name: need, order: false })),
  instances: 1,
  axes: [],
  states: [["hit", 1]]
})

describe("a drawn graph", () => {
  it("can be read back from its rails: what each node takes, and nothing else", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const lines = railLines(
          graph,
          graph.map(() => "●")
        )
        assert.strictEqual(new Set(lines.map((line) => line.length)).size, 1)
        assert.deepStrictEqual(
          readBack(lines).map((taken) => [...taken].toSorted()),
          graph.map(({ needs }) => needs.map(({ name }) => name).toSorted())
        )
      })
    )
  })

  it("folds a matrix into a node that says its axes and counts its states, or shows every instance", () => {
    const instances = instancesOf(chain())
    const failed = new Map(instances.map(({ id }) => [id, id === "sae[k=16]" ? ("failed" as const) : ("hit" as const)]))
    const folded = graphNodes(instances, true, (id) => failed.get(id))
    const drawn = terminalGraph(folded, (state, text) => (state === "failed" ? `<${text}>` : text))
    assert.deepStrictEqual(drawn.split("\n"), [
      "●    model                load-model           hit",
      "├─●  text                 load-text            hit",
      "●─╯  capture              capture-activations  hit",
      "├─<✗>  sae ×2       k=8,16  train-sae            <1 failed, 1 hit>",
      "●─┤  evaluate ×2  k=8,16  evaluate-sae         hit",
      "●─╯  report               report               hit"
    ])
    assert.deepStrictEqual(
      graphNodes(instances, false, () => undefined).map(({ name }) => name),
      instances.toSorted((a, b) => a.order - b.order).map(({ id }) => id)
    )
  })

  it("gives Mermaid and Graphviz no name that means something to them", () => {
    const evil = `a"] --> b["x\`; <b>&amp;\\n\\N#quot;{}|\u0007`
    const nodes = [node(evil), node("b", [evil])]
    const mermaid = mermaidGraph(nodes)
    const label = /n0\["(.*)"\]:::hit/.exec(mermaid)?.[1] ?? ""
    assert.match(label.replaceAll("<br/>", " "), /^([\p{L}\p{N} _.,=×-]|#\d+;)*$/u)
    // What a browser makes of the entities is the name, its control character told by its code.
    const shown = label.split("<br/>")[0]?.replaceAll(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    assert.strictEqual(shown, evil.replace("\u0007", "\\u{7}"))
    const dot = dotGraph(evil, nodes)
    const strings = [...dot.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text)
    assert.include(
      strings,
      String.raw`a\"] --> b[\"x` + "`" + String.raw`; <b>&amp;amp;\\n\\N#quot;{}|\\u{7}\ncommand\nhit`
    )
    assert.strictEqual(dot.replaceAll(/"((?:[^"\\]|\\.)*)"/g, "S").split("\n")[0], "digraph S {")
  })
})
