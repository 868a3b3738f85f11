/**
 * HTML that escapes by construction: every value put into an `html` template is text unless it is itself `Html`. Tokens,
 * words and names come from data, and any of them may hold markup.
 */

export interface Html {
  readonly markup: string
}

export type HtmlValue = string | number | Html | undefined | ReadonlyArray<HtmlValue>

export const escapeHtml = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;")

/** Markup that is known to be safe, such as a constant of this program. */
export const trusted = (markup: string): Html => ({ markup })

const isList = (value: HtmlValue): value is ReadonlyArray<HtmlValue> => Array.isArray(value)

const render = (value: HtmlValue): string => {
  if (value === undefined) return ""
  if (typeof value === "string") return escapeHtml(value)
  if (typeof value === "number") return String(value)
  return isList(value) ? value.map(render).join("") : value.markup
}

/** Indentation of the template is for the reader of the program, not for the page. */
const unindent = (part: string): string => part.replaceAll(/\n\s+/g, "\n")

/** Attribute values must be quoted in the template: `<a href="${url}">`. */
export const html = (parts: TemplateStringsArray, ...values: ReadonlyArray<HtmlValue>): Html => ({
  markup: parts.map(unindent).reduce((text, part, i) => text + render(values[i - 1]) + part)
})

/**
 * JSON for a `<script type="application/json">`: no character sequence in it can end the element or begin a comment,
 * and JSON.parse gives the value back unchanged.
 */
export const scriptJson = (json: string): Html =>
  trusted(
    json
      .replaceAll("<", "\\u003c")
      .replaceAll(">", "\\u003e")
      .replaceAll("\u2028", "\\u2028")
      .replaceAll("\u2029", "\\u2029")
  )
