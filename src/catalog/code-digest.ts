/**
 * The code digest of a stage kind: what of its source text determines its output.
 *
 * esbuild bundles the kind's module graph, shakes the tree and minifies: a comment, a type or a change in a module
 * that the kind does not reach changes nothing. npm packages stay outside and enter as name@version, except those
 * that carry effects and text but no numbers. What a project's own kind imports from this package by its name is bundled
 * with it, not counted as a package: such a kind runs again for code that it reaches, not for a new version.
 *
 * The built package's JavaScript has the digest of the TypeScript that it was made from.
 */
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Plugin } from "esbuild"
import { entryModule, entryModules, namesThisPackage } from "../project/entry-module.ts"
import { codeDirectory } from "../project/package-directory.ts"

/** Raised where the same text gets another digest than before: digests that were kept are made anew. */
export const CODE_RULES = 2

export const CodeDigest = Schema.Struct({
  /** sha256 of the minified bundle and of the bundler's version. */
  digest: Schema.String,
  /** npm packages that the bundle imports, name -> version. */
  packages: Schema.Record(Schema.String, Schema.String),
  /** Digest of each source file's minified text, by path below the project or this package: tells which file changed. */
  files: Schema.Record(Schema.String, Schema.String)
})
export type CodeDigest = typeof CodeDigest.Type

export class CodeUnreadable extends Data.TaggedError("CodeUnreadable")<{
  readonly file: string
  readonly problem: string
}> {
  override get message(): string {
    return `${this.file}: the module graph cannot be bundled: ${this.problem}`
  }
}

const carriesOnlyEffects = (name: string): boolean =>
  name === "effect" || name.startsWith("@effect/") || name === "listr2" || name === "yaml"

const packageName = (specifier: string): string => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/")

/** `package.json` of an installed package, in the nearest node_modules above `from`. */
const packageFile = (name: string, from: string): string | undefined => {
  for (let directory = from; ; directory = dirname(directory)) {
    const path = join(directory, "node_modules", name, "package.json")
    if (existsSync(path)) return path
    if (directory === dirname(directory)) return undefined
  }
}

const versionIn = (path: string): string =>
  (JSON.parse(readFileSync(path, "utf8")) as { readonly version: string }).version

/**
 * Identifiers keep their names: esbuild picks short ones by how often letters occur in the source, types and unused code
 * included, so that a changed type would change the bundle.
 */
const minified = { minifySyntax: true, minifyWhitespace: true, legalComments: "none", target: "esnext" } as const

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

/** A digest with all files that it was computed from, absolute: while they are unchanged, so is it. */
export interface DigestedCode {
  readonly value: CodeDigest
  readonly files: ReadonlyArray<string>
}

/** What the entry modules pass on besides types, of which nothing is left in what is built, absolute. */
const passedOn = (): ReadonlySet<string> =>
  new Set(
    entryModules.flatMap((name) => {
      const file = entryModule(name) as string
      const imports = readFileSync(file, "utf8").matchAll(/^export (?!type )[^"]* from "(\.[^"]+)"/gm)
      return [...imports].map(([, path]) => resolve(dirname(file), path as string))
    })
  )

/**
 * Imports of this package by its own name; what its entry modules pass on and nobody uses is left out. That a module may be left out is
 * said to whoever imports it: esbuild keeps what it heard first, and who is first is chance.
 */
const thisPackage: Plugin = {
  name: "this-package",
  setup: ({ onResolve }) => {
    const unlessUsed = passedOn()
    onResolve({ filter: /^[^.]/ }, ({ path }) => {
      if (!namesThisPackage(path)) return undefined
      const found = entryModule(path)
      return found === undefined
        ? { errors: [{ text: `${path} is not there for others; ${entryModules.join(", ")} are` }] }
        : { path: found, sideEffects: false }
    })
    onResolve({ filter: /^\./ }, ({ path, importer }) => {
      const found = resolve(dirname(importer), path)
      return unlessUsed.has(found) ? { path: found, sideEffects: false } : undefined
    })
  }
}

/** How a file is called in a digest: the same from any project, from the sources and from what is built of them. */
const stableName = (path: string, root: string): string => {
  const inPackage = relative(codeDirectory, path)
  return /^(src|stages)\//.test(inPackage) ? inPackage.replace(/\.(ts|js)$/, ".ts") : relative(root, path)
}

/** By what it is made from: most files are in the graphs of many kinds. */
const digests = new Map<string, Promise<string>>()

/** Of one file, minified. */
const digestOfText = (text: string, loader: "json" | "ts" | "js"): Promise<string> => {
  const name = `${loader}\n${text}`
  const known = digests.get(name)
  if (known !== undefined) return known
  const digest = import("esbuild")
    .then((esbuild) => esbuild.transform(text, { ...minified, loader, tsconfigRaw: "{}" }))
    .then(({ code }) => sha256(code.replaceAll(/"(\.{1,2}\/[^"]*)\.[tj]s"/g, '"$1"')))
  digests.set(name, digest)
  return digest
}

const bundle = async (file: string, root: string): Promise<DigestedCode> => {
  // Loaded late: with every digest in the index, as on most runs, nothing needs bundling.
  const esbuild = await import("esbuild")
  const built = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [file],
    outfile: "stage.js",
    bundle: true,
    write: false,
    metafile: true,
    ...minified,
    format: "esm",
    platform: "node",
    packages: "external",
    plugins: [thisPackage],
    // Else "strict" of the nearest tsconfig.json would be in the digest.
    tsconfigRaw: "{}",
    logLevel: "silent"
  })
  const output = Object.values(built.metafile.outputs)[0]
  const text = built.outputFiles[0]?.text
  if (output === undefined || text === undefined) throw new Error("esbuild gave no output")
  const outside = new Set(output.imports.filter(({ external }) => external === true).map(({ path }) => path))
  const packages: Record<string, string> = {}
  const packageFiles: Array<string> = []
  const files: Record<string, string> = {}
  let code = text
  for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
    if (bytesInOutput === 0) continue
    const absolute = resolve(root, path)
    const name = stableName(absolute, root)
    // Modules that are imported late are called by their paths, and so are those that import whatever stands in a folder.
    code = code
      .replaceAll(`${JSON.stringify(path)}(`, `${JSON.stringify(name)}(`)
      .replaceAll(`*") in ${path}'`, `*") in ${name}'`)
    const loader = path.endsWith(".json") ? "json" : path.endsWith(".ts") ? "ts" : "js"
    files[name] = await digestOfText(readFileSync(absolute, "utf8"), loader)
    for (const each of built.metafile.inputs[path]?.imports ?? []) {
      if (each.external !== true || !outside.has(each.path) || each.path.startsWith("node:")) continue
      const imported = packageName(each.path)
      if (carriesOnlyEffects(imported)) continue
      const described = packageFile(imported, dirname(absolute))
      packages[imported] = described === undefined ? "not installed" : versionIn(described)
      if (described !== undefined) packageFiles.push(described)
    }
  }
  // Modules that are found by what stands in a folder: `import(`./formats/${name}`)`.
  code = code.replaceAll(/"(\.{1,2}\/[^"]*)\.[tj]s":\(\)=>/g, '"$1":()=>')
  const sources = Object.keys(built.metafile.inputs).map((path) => resolve(root, path))
  return {
    value: { digest: sha256(`esbuild ${esbuild.version}\n${code}`), packages, files },
    files: [...sources, ...packageFiles]
  }
}

/** @param root Folder that the paths in `files` are relative to. */
export const codeDigest = (file: string, root: string): Effect.Effect<DigestedCode, CodeUnreadable> =>
  Effect.tryPromise({
    try: () => bundle(file, root),
    catch: (cause) => new CodeUnreadable({ file, problem: cause instanceof Error ? cause.message : String(cause) })
  })

/** The code of a kind with that of the modules which its parameters name; of the kind alone, what it is. */
export const joinCode = (parts: ReadonlyArray<CodeDigest>): CodeDigest => ({
  digest: parts.length === 1 ? (parts[0] as CodeDigest).digest : sha256(parts.map(({ digest }) => digest).join("\n")),
  packages: Object.assign({}, ...parts.map(({ packages }) => packages)) as CodeDigest["packages"],
  files: Object.assign({}, ...parts.map((part) => part.files)) as CodeDigest["files"]
})
