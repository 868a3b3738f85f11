/** Makes the text of the bundle: an async function of what it takes from outside, which gives the modules by their paths. */
import { globSync, readFileSync } from "node:fs"
import { createRequire, isBuiltin } from "node:module"
import { dirname, join, sep } from "node:path"
import { pathToFileURL } from "node:url"
import type { BuildOptions, Plugin } from "esbuild"
import { codeEnding } from "../project/code-ending.ts"
import { codeDirectory } from "../project/package-directory.ts"

/** Packages inside. Others stay where they are: they have native parts, are large and seldom needed, or find their own files. */
const inside = ["effect", "@effect/platform-node", "@effect/platform-node-shared", "yaml", "hash-wasm"]

const isInside = (specifier: string): boolean =>
  inside.some((name) => specifier === name || specifier.startsWith(`${name}/`))

/** Not what runs in a browser, nor what makes the bundle. */
const elsewhere = /^src\/report\/browser\/script\/|^src\/start\/build-bundle|\.d\.ts$/

const ownModules = (): ReadonlyArray<string> =>
  globSync(`{src,stages}/**/*${codeEnding}`, { cwd: codeDirectory })
    .filter((file) => !elsewhere.test(file.split(sep).join("/")))
    .map((file) => join(codeDirectory, file))
    .toSorted()

/** Where a package's `package.json` is, whatever it exports. */
const packageFolder = (name: string): string => {
  const require = createRequire(import.meta.url)
  for (const folder of require.resolve.paths(name) ?? []) {
    const [found] = globSync(join(folder, name, "package.json"))
    if (found !== undefined) return dirname(found)
  }
  throw new Error(`the package ${name} is not installed`)
}

/** With what they share inside, so that a module of Effect that is not here, imported by a project, has no second copy of it. */
const effectModules = (): ReadonlyArray<string> => {
  const dist = createRequire(import.meta.url).resolve("effect")
  return globSync("{*,internal/*}.js", { cwd: dirname(dist) })
    .map((file) => join(dirname(dist), file))
    .toSorted()
}

/** Each built-in module once, as ES module: only the names that somebody imports remain. */
const builtinModule = (path: string): string => {
  const names = Object.keys(createRequire(import.meta.url)(path) as object).filter((name) => /^[A-Za-z]\w*$/.test(name))
  const exported = names.filter((name) => name !== "default").map((name) => `/* @__PURE__ */ get("${name}") as ${name}`)
  return [
    `const module = outside(${JSON.stringify(path)}), get = (name) => module[name]`,
    ...exported.map((text, i) => {
      const [value, name] = text.split(" as ") as [string, string]
      return `const v${i} = ${value}; export { v${i} as ${name} }`
    }),
    "export default module"
  ].join("\n")
}

/** The package itself may stand below `node_modules`; what stands below its own is not ours. */
const isOwn = (path: string): boolean =>
  path.startsWith(codeDirectory) && !path.slice(codeDirectory.length).includes(`${sep}node_modules${sep}`)

/** A module keeps its own address, and an import of a computed name looks into the bundle first. */
const ownSource = (path: string): string => {
  const address = JSON.stringify(pathToFileURL(path).href)
  return readFileSync(path, "utf8")
    .replaceAll("import.meta.url", address)
    .replaceAll(/\bimport\((?=\s*[\w(])/g, `importComputed(${address}, `)
}

const plugin: Plugin = {
  name: "bundle",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^[^./]/ }, ({ path }) => {
      if (isBuiltin(path)) return { path, namespace: "builtin" }
      return isInside(path) ? undefined : { path, namespace: "outside" }
    })
    onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => ({ contents: builtinModule(path), loader: "js" }))
    onLoad({ filter: /./, namespace: "outside" }, ({ path }) => ({
      contents: `module.exports = outside(${JSON.stringify(path)})`,
      loader: "js"
    }))
    onLoad({ filter: /\.[tj]s$/ }, ({ path }) =>
      isOwn(path) ? { contents: ownSource(path), loader: codeEnding === ".ts" ? "ts" : "js" } : undefined
    )
  }
}

/** Before all of it: what the script is called with, and namespaces that are made when somebody asks for them. */
const OPENING = `(async (outside, importComputed) => { "use strict"; const importMeta = {}; let bundled;
const __late = (getters) => { let made; return () => { if (made === undefined) __export(made = {}, getters()); return made } };`
const CLOSING = "return bundled })"

const entry = (own: ReadonlyArray<string>, packages: ReadonlyArray<string>): string => {
  const named = (files: ReadonlyArray<string>, how: "import" | "require"): string =>
    files.map((file) => `${JSON.stringify(file)}: () => ${how}(${JSON.stringify(file)})`).join(",\n")
  return `bundled = { modules: {${named(own, "import")}}, packages: {${named(packages, "require")}} }`
}

/** What it is made of: while these files are unchanged, so is the text. Of a package its version tells. */
export const bundledFiles = (): ReadonlyArray<string> => [
  ...ownModules(),
  ...[...inside, "esbuild"].map((name) => join(packageFolder(name), "package.json"))
]

/**
 * esbuild makes the namespace of each module at the start: a getter for each of seven thousand names, which took a tenth of the
 * time of `--help`. Hardly a module is asked for as a whole.
 */
const withLateNamespaces = (text: string): string => {
  const names = new Set<string>()
  return text
    .replaceAll(/\bvar (\w+)=\{\};\s*__export\(\1,(\{[^{}]*\})\);/g, (_, name: string, getters: string) => {
      names.add(name)
      return `var ${name}=__late(()=>(${getters}));`
    })
    .replaceAll(/\b\w+_exports\w*\b(?!=)/g, (name) => (names.has(name) ? `${name}()` : name))
}

export const buildBundle = async (): Promise<string> => {
  const esbuild = await import("esbuild")
  const options: BuildOptions = {
    absWorkingDir: codeDirectory,
    stdin: { contents: entry(ownModules(), effectModules()), resolveDir: codeDirectory, loader: "js" },
    outfile: "bundle.js",
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22",
    // A shorter text is read faster. Names stay, for the sake of stack traces.
    minifyWhitespace: true,
    lineLimit: 400,
    legalComments: "none",
    charset: "ascii",
    define: { "import.meta": "importMeta" },
    banner: { js: OPENING },
    footer: { js: CLOSING },
    plugins: [plugin],
    tsconfigRaw: "{}",
    logLevel: "silent"
  }
  const built = await esbuild.build({ ...options, write: false })
  const text = built.outputFiles[0]?.text
  if (text === undefined) throw new Error("esbuild gave no output")
  return withLateNamespaces(text)
}
