/** The notebook of the Python package, every cell of it run. Needs `SAELENS_PYTHON=/path/to/python`, with matplotlib, as the peers' tests do. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"

const python = process.env["SAELENS_PYTHON"]
if (python === undefined) {
  process.stderr.write("SKIPPED: no SAELENS_PYTHON, so that the notebook's cells are not run\n")
}
const root = join(import.meta.dirname, "../..")

/** Cell after cell in one name space, as a kernel does; the value of a last line is what the cell shows. */
const script = `
import ast, json
with open("python/results.ipynb") as file:
    cells = ["".join(cell["source"]) for cell in json.load(file)["cells"] if cell["cell_type"] == "code"]
names, shown = {}, []
for number, cell in enumerate(cells, 1):
    body = ast.parse(cell.rstrip().rstrip(";")).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), f"cell {number}", "exec"), names)
    shown.append(eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), names) if last else None)
metrics, axes, histogram, alike, _ = shown
print(json.dumps({
    "explained_variance": metrics["explained_variance"],
    "axes": len(axes),
    "curve": len(names["curve"]),
    "rows": list(names["rows"].shape),
    "latents": histogram.hist.sum().item(),
    "l0": (names["features"] > 0).float().sum(1).mean().item(),
    "alike": alike,
}))
`

describe.skipIf(python === undefined)("the notebook", () => {
  it("runs from its first cell to its last", { timeout: 900_000 }, () => {
    const cache = mkdtempSync(join(tmpdir(), "notebook-"))
    try {
      const said = execFileSync(python as string, ["-W", "ignore", "-c", script], {
        cwd: root,
        encoding: "utf8",
        env: { ...process.env, PYTHONPATH: join(root, "python"), MPLBACKEND: "agg", PIPELINE_CACHE: cache },
        stdio: ["ignore", "pipe", "inherit"]
      })
      const made = JSON.parse(said.trim().split("\n").at(-1) ?? "")
      expect(made.explained_variance).toBeGreaterThan(0.8)
      expect(made.axes).toBe(2)
      expect(made.curve).toBeGreaterThan(10)
      expect(made.rows).toEqual([4096, 192])
      expect(made.latents).toBe(512)
      expect(made.l0).toBeGreaterThan(8)
      expect(made.l0).toBeLessThan(24)
      const cosines = made.alike.map(([cosine]: ReadonlyArray<number>) => cosine)
      expect(cosines).toHaveLength(5)
      expect(cosines).toEqual(cosines.toSorted((a: number, b: number) => b - a))
      expect(cosines[0]).toBeLessThan(1)
    } finally {
      rmSync(cache, { recursive: true, force: true })
    }
  })
})
