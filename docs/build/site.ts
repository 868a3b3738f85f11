/**
 * Builds the site into `docs/site`: pages of `docs/pages`, a reference made from the code, and the API from docstrings.
 *
 * TypeDoc makes it, because its search works from disk. It cannot read the declarations with TypeScript 7, so it has a
 * compiler of its own (`docs/package.json`).
 */
import { spawnSync } from "node:child_process"
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
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

const write = (page: Page, folder = made): void => {
  const children = page.children ?? []
  const listed = children.map(({ name }) => `  - ${name}.md\n`).join("")
  const head = `---\ntitle: ${page.title}\n${listed === "" ? "" : `children:\n${listed}`}---\n\n`
  writeFileSync(join(folder, `${page.name}.md`), `${head}# ${page.title}\n\n${page.text}\n`)
  for (const child of children) write(child, folder)
}

const kinds = await Effect.runPromise(loadStageKinds(stageFiles([join(codeDirectory, "stages")])))
rmSync(made, { recursive: true, force: true })
rmSync(site, { recursive: true, force: true })
mkdirSync(made)
for (const page of globSync("*.md", { cwd: join(docs, "pages") })) {
  const text = readFileSync(join(docs, "pages", page), "utf8")
  // TypeDoc sets a title on the first page, and on no other.
  writeFileSync(join(made, page), page === "index.md" ? text.replace(/^# .*\n+/m, "") : text)
}
for (const page of [stageKindPages(kinds), await commandPage(), filePage(fileSchema(kinds)), kindsPage()]) write(page)

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
