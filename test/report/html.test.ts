import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { escapeHtml, html, scriptJson } from "../../src/report/page/html.ts"
import { tagsOf, unescapeHtml } from "./page-tags.ts"

/** Texts that would do harm if they were not escaped. */
const hostile = fc.oneof(
  fc.string(),
  fc.string({
    unit: fc.constantFrom("<", ">", "&", '"', "'", "!", "-", "/", "script", " ", "=", ";", "lt", "\n", "a")
  }),
  fc.constantFrom(
    "</script><script>alert(1)</script>",
    "<!--",
    "-->",
    '" onload="x',
    "' onload='x",
    "&lt;",
    "\u2028",
    "]]>"
  )
)

describe("html templates", () => {
  it("show any text as it is, between tags and in attributes", () => {
    fc.assert(
      fc.property(hostile, hostile, (title, text) => {
        const { markup } = html`<p title="${title}">${text}</p>`
        const [open, close, ...rest] = tagsOf(markup)
        expect(open?.name).toBe("p")
        expect(open?.attributes["title"]).toBe(title)
        expect(unescapeHtml(open?.text ?? "")).toBe(text)
        expect(close?.name).toBe("/p")
        expect(rest).toEqual([])
      })
    )
  })

  it("escape text once, and markup of other templates not again", () => {
    expect(html`<b>${html`<i>${"<&>"}</i>`}</b>`.markup).toBe("<b><i>&lt;&amp;&gt;</i></b>")
    expect(html`${["<", html`<i>x</i>`, 3, undefined]}`.markup).toBe("&lt;<i>x</i>3")
  })

  it("leave nothing in a data script that could end it, and give the value back", () => {
    fc.assert(
      fc.property(fc.jsonValue(), hostile, (value, text) => {
        const json = JSON.stringify({ value, text })
        const page = html`<script type="application/json" id="data">
          ${scriptJson(json)}
        </script>`.markup
        const [script, close, ...rest] = tagsOf(page)
        expect(script?.text).not.toContain("<")
        expect(JSON.parse(script?.text ?? "")).toEqual(JSON.parse(json))
        expect(close?.name).toBe("/script")
        expect(rest).toEqual([])
      })
    )
  })

  it("escape every character that has a meaning", () => {
    expect(escapeHtml(`<a href="x" title='y'>&`)).toBe("&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;")
  })
})
