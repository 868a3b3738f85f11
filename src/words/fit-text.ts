/** Text in a line of N columns: cut, or wrapped between words. One character is one column: ids and numbers are ASCII. */

/** Cut at the end of a word where one is near, with a mark that something is missing. */
export const cutText = (text: string, columns: number): string => {
  if (text.length <= columns) return text
  if (columns <= 1) return "…".slice(0, Math.max(columns, 0))
  const head = text.slice(0, columns - 1)
  const space = head.lastIndexOf(" ")
  return `${text[columns - 1] !== " " && space > columns * 0.6 ? head.slice(0, space) : head.trimEnd()}…`
}

/** Lines of at most `columns`; a word that is longer has a line of its own. Line breaks in the text stay. */
export const wrapText = (text: string, columns: number): ReadonlyArray<string> =>
  text.split("\n").flatMap((paragraph) => {
    const lines: Array<string> = []
    let line = ""
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > columns) {
        lines.push(line)
        line = word
      } else line = line === "" ? word : `${line} ${word}`
    }
    return [...lines, line]
  })
