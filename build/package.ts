/**
 * Builds what `npm pack` packs: JavaScript and declarations in `dist/`, because Node strips no types below node_modules.
 *
 * tsc writes both, module by module: nothing is bundled, so that what is found by its name, workers and C++ sources stand
 * where they stand in the sources. Declarations are kept where a module that package.json opens leads to them. Types are not
 * checked here, which takes twice as long as all else: `npm run types` does, before `npm pack` builds.
 */
import { spawnSync } from "node:child_process"
import { copyFileSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import packageJson from "../package.json" with { type: "json" }

const root = resolve(import.meta.dirname, "..")
const dist = join(root, "dist")
const HELPER = "__rewriteRelativeImportExtension"

const compile = (): void => {
  rmSync(dist, { recursive: true, force: true })
  const tsc = join(root, "node_modules", ".bin", "tsc")
  const { status } = spawnSync(tsc, ["-p", "tsconfig.build.json", "--noCheck"], { cwd: root, stdio: "inherit" })
  if (status !== 0) throw new Error("the sources do not compile")
}

/**
 * Around an import of a computed name tsc puts a function that would change its ending. Such names end with `codeEnding`
 * already, and the code would have another digest than its source.
 */
const dropHelper = (): void => {
  for (const file of globSync("**/*.js", { cwd: dist })) {
    const text = readFileSync(join(dist, file), "utf8")
    if (!text.includes(HELPER)) continue
    const [before, after] = text.split(`var ${HELPER} =`) as [string, string]
    const rest = after.slice(after.indexOf("\n};\n") + 4)
    writeFileSync(join(dist, file), (before + rest).replaceAll(`${HELPER}(`, "("))
  }
}

/** What modules read from beside them: C++, JSON, ... */
const copyData = (): void => {
  for (const file of globSync("{src,stages}/**/*.*", { cwd: root, exclude: (name) => name.endsWith(".ts") })) {
    copyFileSync(join(root, file), join(dist, file))
  }
}

/** A module that is named by a text with its ending would be looked for in vain. */
const refuseSourceNames = (): void => {
  const named = globSync("**/*.js", { cwd: dist }).flatMap((file) =>
    readFileSync(join(dist, file), "utf8")
      .split("\n")
      .flatMap((line, i) => (/\bnew URL\([^)]*\.ts["'`]/.test(line) ? [`dist/${file}:${i + 1}: ${line.trim()}`] : []))
  )
  if (named.length > 0)
    throw new Error(`a file of the sources is named; take its ending from codeEnding:\n${named.join("\n")}`)
}

const openDeclarations = (): ReadonlySet<string> => {
  const reached = new Set<string>()
  const visit = (file: string): void => {
    // An import in a comment leads nowhere.
    if (reached.has(file) || !existsSync(file)) return
    reached.add(file)
    const text = readFileSync(file, "utf8").replaceAll(/\/\*[^]*?\*\//g, "")
    for (const [, path] of text.matchAll(/(?:from |import\(|import )"(\.[^"]+)"/g)) {
      visit(resolve(dirname(file), (path as string).replace(/\.[tj]s$/, ".d.ts")))
    }
  }
  for (const target of Object.values(packageJson.exports))
    if (typeof target !== "string") visit(join(root, target.types))
  return reached
}

const dropClosedDeclarations = (): void => {
  const open = openDeclarations()
  for (const file of globSync("**/*.d.ts", { cwd: dist })) if (!open.has(join(dist, file))) rmSync(join(dist, file))
}

compile()
dropHelper()
copyData()
refuseSourceNames()
dropClosedDeclarations()
