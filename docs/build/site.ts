/**
 * Builds the site into `docs/site`: pages of `docs`, a reference made from the code, and the API from docstrings.
 *
 * TypeDoc makes it, because its search works from disk. It cannot read the declarations with TypeScript 7, so it has a
 * compiler of its own (`docs/package.json`).
 */
import { spawnSync } from "node:child_process"
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import { loadStageKinds, stageFiles } from "../../src/catalog/stage-catalog.ts"
import { codeDirectory } from "../../src/project/package-directory.ts"
import { fileSchema } from "../../src/specification/file-schema.ts"
import { brokenLinks } from "./broken-links.ts"
import { commandPage } from "./command-page.ts"
import { filePage } from "./file-page.ts"
import { kindsPage } from "./kinds-page.ts"
import type { Page } from "./markdown.ts"
import { stageKindPages } from "./stage-kind-pages.ts"

const docs = resolve(import.meta.dirname, "..")
const made = join(docs, "made")
const site = join(docs, "site")

/** Pages in the order in which the page above links them. */
const inOrder = (pages: ReadonlyArray<Page>, above: string): ReadonlyArray<Page> => {
  const place = ({ name }: Page): number => above.indexOf(`/${name}.md)`)
  return pages.toSorted((a, b) => place(a) - place(b))
}

/** `how-to.md` with the pages of `how-to/` below it, and what is made from the code. */
const readPage = (path: string, more: ReadonlyArray<Page> = []): Page => {
  const text = readFileSync(join(docs, `${path}.md`), "utf8")
  const title = /^# (.+)$/m.exec(text)?.[1] ?? path
  const below = globSync(`${path}/*.md`, { cwd: docs }).map((file) => readPage(file.replace(/\.md$/, "")))
  return {
    name: basename(path),
    title,
    text: text.replace(/^# .+\n+/, ""),
    children: inOrder([...below, ...more], text)
  }
}

const write = ({ name, title, text, children = [] }: Page, folder = made): void => {
  mkdirSync(folder, { recursive: true })
  const listed = children.map((child) => `  - ${name}/${child.name}.md\n`).join("")
  const head = `---\ntitle: ${JSON.stringify(title)}\n${listed === "" ? "" : `children:\n${listed}`}---\n\n`
  // TypeDoc sets a title on the first page, and on no other.
  writeFileSync(join(folder, `${name}.md`), `${head}${name === "index" ? "" : `# ${title}\n\n`}${text}\n`)
  for (const child of children) write(child, join(folder, name))
}

const kinds = await Effect.runPromise(loadStageKinds(stageFiles([join(codeDirectory, "stages")])))
rmSync(made, { recursive: true, force: true })
rmSync(site, { recursive: true, force: true })
const fromCode = [stageKindPages(kinds), await commandPage(), filePage(fileSchema(kinds)), kindsPage()]
for (const page of ["index", "tutorial", "how-to", "why"].map((path) => readPage(path))) write(page)
write(readPage("reference", fromCode))

const typedoc = spawnSync(
  process.execPath,
  [join(docs, "node_modules", "typedoc", "bin", "typedoc"), "--options", join(docs, "typedoc.json")],
  {
    cwd: docs,
    stdio: ["ignore", "inherit", "inherit"]
  }
)
if (typedoc.status !== 0) throw new Error("TypeDoc does not build the site")
const broken = brokenLinks(site)
if (broken.length > 0) throw new Error(`links that lead nowhere:\n${broken.join("\n")}`)
console.log(
  `${join(site, "index.html")}: ${globSync("**/*.html", { cwd: site }).length} pages, every link leads somewhere`
)
