/** Reads a page as a browser's tokenizer would, as far as the report needs it. */

export interface Tag {
  /** `td`, `/td`, `!doctype`, `!--` */
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  /** Written with a slash at its end, as elements of a drawing may be. */
  readonly selfClosing: boolean
  /** Raw text between this tag and the next one (for script and style: their content). */
  readonly text: string
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" }
export const unescapeHtml = (text: string): string =>
  text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] as string)

const attributesOf = (source: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...source.matchAll(/([^\s"'>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g)].map((match) => [
      match[1] as string,
      unescapeHtml(match[2] ?? match[3] ?? match[4] ?? "")
    ])
  )

/** @throws where the page is not made of tags and text: a stray `<`, an unclosed tag or script. */
export const tagsOf = (page: string): ReadonlyArray<Tag> => {
  const tags: Array<Tag> = []
  const tagPattern = /<(!?\/?[a-zA-Z][a-zA-Z0-9-]*)((?:"[^"]*"|'[^']*'|[^"'<>])*)>/y
  const endOf = { script: /<\/script/gi, style: /<\/style/gi } as const
  let at = 0
  while (at < page.length) {
    if (page.startsWith("<!--", at)) {
      const end = page.indexOf("-->", at)
      if (end < 0) throw new Error("a comment without an end")
      const next = page.indexOf("<", end)
      const until = next < 0 ? page.length : next
      tags.push({ name: "!--", attributes: {}, selfClosing: false, text: page.slice(end + 3, until) })
      at = until
      continue
    }
    tagPattern.lastIndex = at
    const match = tagPattern.exec(page)
    if (match === null) throw new Error(`not a tag: ${page.slice(at, at + 80)}`)
    const name = (match[1] as string).toLowerCase()
    const inside = match[2] as string
    at += match[0].length
    let end = page.indexOf("<", at)
    if (name === "script" || name === "style") {
      const pattern = endOf[name]
      pattern.lastIndex = at
      end = pattern.exec(page)?.index ?? -1
      if (end < 0) throw new Error(`<${name}> without an end`)
    }
    if (end < 0) end = page.length
    const attributes = attributesOf(inside)
    tags.push({ name, attributes, selfClosing: inside.endsWith("/"), text: page.slice(at, end) })
    at = end
  }
  return tags
}

/** Text of the first element with that id, its descendants' texts included, white space collapsed. */
export const textOf = (page: string, id: string): string => {
  const tags = tagsOf(page)
  const start = tags.findIndex(({ attributes }) => attributes["id"] === id)
  const name = tags[start]?.name
  if (name === undefined) throw new Error(`nothing has the id ${id}`)
  let depth = 0
  let text = ""
  for (const tag of tags.slice(start)) {
    if (tag.name === name) depth++
    if (tag.name === `/${name}` && --depth === 0) break
    text += ` ${unescapeHtml(tag.text)}`
  }
  return text.replaceAll(/\s+/g, " ").trim()
}
