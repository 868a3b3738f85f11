/**
 * Turns a file of the tagged Brown corpus (Form C: `The/at jury/nn said/vbd ,/,`) back into running text.
 *
 * The tag follows the last slash of a token. Punctuation is attached as in print, and the corpus's `` and '' become
 * double quotes, so that the text looks like the other sources.
 */
const closing = new Set([",", ".", ";", ":", "?", "!", ")", "''", "'"])
const opening = new Set(["``", "(", "`"])
const printed: Readonly<Record<string, string>> = { "``": '"', "''": '"', "`": "'" }

export const brownText = (tagged: string): string => {
  const paragraphs: Array<string> = []
  for (const block of tagged.split(/\n\s*\n/)) {
    let line = ""
    let glue = true
    for (const token of block.split(/\s+/)) {
      const slash = token.lastIndexOf("/")
      const word = slash > 0 ? token.slice(0, slash) : ""
      if (word === "") continue
      if (!glue && !closing.has(word)) line += " "
      line += printed[word] ?? word
      glue = opening.has(word)
    }
    if (line !== "") paragraphs.push(line)
  }
  return paragraphs.join("\n")
}
