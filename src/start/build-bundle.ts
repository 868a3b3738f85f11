/**
 * Makes the two texts of the bundle, each a function of what it takes from outside, which gives modules by their paths. The
 * base is what nearly every process needs; the rest, which takes its modules from there, is read by those that need more.
 */
import { createHash } from "node:crypto"
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

/** With all that these import, what a run of hits, a plan and a stage that computes nothing need. */
const bases = [
  "src/cli/main",
  "src/cli/commands/plan",
  "src/cli/commands/run",
  "src/execute/local/local-executor",
  "src/execute/worker/worker",
  "src/execute/worker/run-job",
  "src/store/local/local-store",
  "src/kinds/files",
  "stages/command"
].map((name) => join(codeDirectory, name + codeEnding))

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

/** An object as an ES module: only the names that somebody imports remain. */
const asModule = (object: string, names: ReadonlyArray<string>): string =>
  [
    `const module = ${object}, get = (name) => module[name]`,
    ...names.map((name, i) => `const v${i} = /* @__PURE__ */ get("${name}"); export { v${i} as ${name} }`)
  ].join("\n")

/** Each built-in module once. */
const builtinModule = (path: string): string => {
  const names = Object.keys(createRequire(import.meta.url)(path) as object).filter((name) => /^[A-Za-z]\w*$/.test(name))
  const named = names.filter((name) => name !== "default")
  return `${asModule(`outside(${JSON.stringify(path)})`, named)}\nexport default module`
}

/** A module of the base, as the rest takes it. */
interface Taken {
  /** Among those that the base gives. */
  readonly index: number
  /** What it exports; not known of what is no ES module. */
  readonly names: ReadonlyArray<string> | undefined
}
/** By path. */
type TakenModules = ReadonlyMap<string, Taken>

const baseModule = ({ index, names }: Taken): string =>
  names === undefined ? `module.exports = base(${index})` : asModule(`base(${index})`, names)

/** The package itself may stand below `node_modules`; what stands below its own is not ours. */
const isOwn = (path: string): boolean =>
  path.startsWith(codeDirectory) && !path.slice(codeDirectory.length).includes(`${sep}node_modules${sep}`)

/** A module keeps its own address, and an import of a computed name, or of what need not be in the base, is looked for when it runs. */
const ownSource = (path: string): string => {
  const address = JSON.stringify(pathToFileURL(path).href)
  return readFileSync(path, "utf8")
    .replaceAll("import.meta.url", address)
    .replaceAll(/\bimport\((?=\s*(?:[\w(]|["'`]\.))/g, `importComputed(${address}, `)
}

/** @param taken modules that the text takes from the base */
const plugin = (taken: TakenModules): Plugin => ({
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
    onLoad({ filter: /\.[tj]s$/ }, ({ path }) => {
      const known = taken.get(path)
      if (known !== undefined) return { contents: baseModule(known), loader: "js" }
      return isOwn(path) ? { contents: ownSource(path), loader: codeEnding === ".ts" ? "ts" : "js" } : undefined
    })
  }
})

/** Before all of it: what the script is called with, and namespaces that are made when somebody asks for them. */
const OPENING = `((outside, importComputed, base) => { "use strict"; const importMeta = {}; let bundled;
const __late = (getters) => { let made; return () => { if (made === undefined) __export(made = {}, getters()); return made } };`
const CLOSING = "return bundled })"

type Paths = ReadonlyArray<string>

/** `modules` are imported, since some await something; `packages` are there at once. */
const entry = (modules: Paths, packages: Paths, more: ReadonlyArray<string> = []): string => {
  const named = (files: Paths, how: "import" | "require"): string =>
    files.map((file) => `${JSON.stringify(file)}: () => ${how}(${JSON.stringify(file)})`).join(",\n")
  const parts = [`modules: {${named(modules, "import")}}`, `packages: {${named(packages, "require")}}`, ...more]
  return `bundled = { ${parts.join(",\n")} }`
}

/** What the rest takes from the base, by their numbers. */
const given = (files: Paths): string =>
  `inner: [${files.map((file) => `() => require(${JSON.stringify(file)})`).join(",\n")}]`

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
  return (
    text
      .replaceAll(
        /\bvar\s(\w+)=\s*\{\s*\};\s*__export\(\s*\1,\s*(\{[^{}]*\})\s*\);/g,
        (_, name: string, getters: string) => {
          names.add(name)
          return `var ${name}=__late(()=>(${getters}));`
        }
      )
      .replaceAll(/\b\w+_exports\w*\b(?!=)/g, (name) => (names.has(name) ? `${name}()` : name))
      // It would be a copy.
      .replaceAll(/\b__toCommonJS\(\s*(\w+\(\))\s*\)/g, "$1")
  )
}

/** @param text of the base, which ends with what it gives */
const takenFrom = (text: string, files: Paths): TakenModules => {
  // A line is broken between any two words.
  const joined = text.replaceAll("\n", "")
  const names = new Map(
    [...joined.matchAll(/\bvar (\w+)=__late\(\(\)=>\(\{([^{}]*)\}\)\);/g)].map(
      ([, namespace = "", getters = ""]) =>
        [namespace, [...getters.matchAll(/([\w$]+):\(\)=>/g)].map(([, name = ""]) => name)] as const
    )
  )
  const ends = [
    ...joined.slice(joined.lastIndexOf("inner:[")).matchAll(/\(\)=>(?:\(init_\w+\(\),(\w+)\(\)\)|\w+\(\))/g)
  ]
  if (ends.length !== files.length) throw new Error(`of ${files.length} modules of the base, ${ends.length} were found`)
  return new Map(files.map((file, index) => [file, { index, names: names.get(ends[index]?.[1] ?? "") }]))
}

const options: BuildOptions = {
  absWorkingDir: codeDirectory,
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
  tsconfigRaw: "{}",
  logLevel: "silent"
}

export interface BundleTexts {
  readonly base: string
  readonly rest: string
}

export const buildBundle = async (): Promise<BundleTexts> => {
  const esbuild = await import("esbuild")
  const built = (contents: string, taken: TakenModules = new Map()) =>
    esbuild.build({
      ...options,
      stdin: { contents, resolveDir: codeDirectory, loader: "js" },
      plugins: [plugin(taken)],
      metafile: true,
      write: false
    })
  const textOf = async (...of: Parameters<typeof built>): Promise<string> => {
    const text = (await built(...of)).outputFiles[0]?.text
    if (text === undefined) throw new Error("esbuild gave no output")
    return withLateNamespaces(text)
  }
  const { inputs } = (await built(entry(bases, []))).metafile
  const reached = Object.keys(inputs).filter((path) => /\.[tj]s$/.test(path))
  const inBase = new Set(reached.map((path) => join(codeDirectory, path)))
  const isInBase = (path: string): boolean => inBase.has(path)
  const isElsewhere = (path: string): boolean => !inBase.has(path)
  const [own, packages] = [ownModules(), effectModules()]
  const elsewhere = { modules: own.filter(isElsewhere), packages: packages.filter(isElsewhere) }
  // No other module imports one that the program begins with.
  const inner = [...inBase].filter((path) => !bases.includes(path))
  const more = [`elsewhere: ${JSON.stringify(elsewhere)}`, given(inner)]
  const base = await textOf(entry(own.filter(isInBase), packages.filter(isInBase), more))
  const rest = await textOf(entry(elsewhere.modules, elsewhere.packages), takenFrom(base, inner))
  const digest = createHash("sha256").update(rest).digest("hex")
  return { base: base.replace(/return bundled \}\)\s*$/, `bundled.rest = "${digest}"; return bundled })`), rest }
}
