/** The blocks of code in the documentation: those of Markdown pages, and the examples of docstrings. */
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { repository } from "../e2e/run-cli.ts"

export interface CodeBlock {
  /** `docs/tutorial.md:12`, of its first line. */
  readonly at: string
  readonly language: string
  readonly text: string
  /** Named by a comment on the first line: `# experiments/my-text.yaml`. */
  readonly file: string | undefined
}

const fileOf = (text: string): string | undefined =>
  /^(?:#|\/\/) ([\w./-]+\.(?:yaml|yml|ts|py))$/m.exec(text.split("\n")[0] ?? "")?.[1]

const blocksIn = (path: string, lines: ReadonlyArray<string>): ReadonlyArray<CodeBlock> => {
  const blocks: Array<CodeBlock> = []
  for (let i = 0; i < lines.length; i++) {
    const open = /^( *)```(\w+)$/.exec(lines[i] as string)
    if (open === null) continue
    const [, indent = "", language = ""] = open
    const end = lines.findIndex((line, j) => j > i && line.trimEnd() === `${indent}\`\`\``)
    const text = lines
      .slice(i + 1, end)
      .map((line) => line.slice(indent.length))
      .join("\n")
    blocks.push({ at: `${path}:${i + 2}`, language, text, file: fileOf(text) })
    i = end
  }
  return blocks
}

const read = (path: string): ReadonlyArray<string> => readFileSync(join(repository, path), "utf8").split("\n")

export const pageBlocks = (): ReadonlyArray<CodeBlock> =>
  ["README.md", ...globSync("docs/{*.md,{how-to,reference,why}/*.md}", { cwd: repository })].flatMap((path) =>
    blocksIn(path, read(path))
  )

/** Only those below `@example`; lines lose the comment's margin. */
export const docstringBlocks = (): ReadonlyArray<CodeBlock> =>
  globSync("src/**/*.ts", { cwd: repository }).flatMap((path) => {
    const lines = read(path)
    return lines.some((line) => line.trim() === "* @example")
      ? blocksIn(
          path,
          lines.map((line) => line.replace(/^ *\* ?/, ""))
        )
      : []
  })
