/** Markdown that generated pages are made of. */

/** A page of the site: a document of TypeDoc. */
export interface Page {
  /** File name without its ending. */
  readonly name: string
  readonly title: string
  /** What follows the title. */
  readonly text: string
  /** Pages below this one in the navigation, in the folder of its name. */
  readonly children?: ReadonlyArray<Page>
}

/** Text of a cell: one line, and nothing in it ends the cell or is a tag. */
const cell = (text: string): string =>
  text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("{", "&#123;")

/** Empty where there are no rows. The first column is code. */
export const table = (heads: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  rows.length === 0
    ? ""
    : [
        `| ${heads.join(" | ")} |`,
        `| ${heads.map(() => "---").join(" | ")} |`,
        ...rows.map(([first, ...rest]) => `| ${[`\`${first}\``, ...rest.map(cell)].join(" | ")} |`)
      ].join("\n")

/** Empty where the body is. */
export const section = (title: string, body: string): string => (body === "" ? "" : `\n## ${title}\n\n${body}\n`)

export const code = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``
