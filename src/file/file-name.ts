/** Names of files and folders for any text: different texts, different names, each short enough for every file system. */
import { createHash } from "node:crypto"

/** 255 bytes is what file systems allow; an ending and a prefix have to fit beside it. */
const longest = 120
/** What stays of a text that is cut or has characters that a name should not. */
const kept = 60

const digestEnding = /-[0-9a-f]{16}$/

/** The text itself where that will do; else its readable part and sixteen digits of its sha256. */
export const fileName = (text: string): string => {
  // A text that looks like a name made below is made into one too, so that no two texts share a name.
  if (/^[\w=,+@[\]-][\w.=,+@[\]-]*$/.test(text) && text.length <= longest && !digestEnding.test(text)) return text
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 16)
  return `${text.slice(0, kept).replaceAll(/[^\w=,+@[\]-]/g, "_")}-${digest}`
}

/** Names for a list in which texts may come twice: from the second on they are numbered, past numbers that others have. */
export const distinctFileNames = (texts: ReadonlyArray<string>): ReadonlyArray<string> => {
  const taken = new Set(texts)
  const seen = new Set<string>()
  return texts.map((text) => {
    let own = text
    for (let n = 2; seen.has(own) || (own !== text && taken.has(own)); n++) own = `${text}#${n}`
    seen.add(own)
    return fileName(own)
  })
}
