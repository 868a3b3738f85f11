/**
 * The frame of every page: one file that needs no network and says nothing of when or where it was made.
 *
 * The content security policy lets only this page's own script run, by its hash: markup that came in with the data
 * could not run even if it were not escaped.
 */
import { createHash } from "node:crypto"
import type { Html } from "./html.ts"
import { html, trusted } from "./html.ts"
import { pageStyle } from "./page-style.ts"

/** What is known of the experiment is put in place of these, and after those (`run-report.ts`). */
export const aboutMarker = "<!--about-->"
export const runLinkMarker = "<!--run-link-->"
export const runMarker = "<!--run-->"
export const titleStart = "<title>"
export const headingStart = "<h1>"

export interface PageSection {
  /** Anchor. */
  readonly id: string
  /** In the navigation. */
  readonly name: string
  readonly body: Html
}

export interface Page {
  readonly title: string
  readonly lead: Html
  readonly sections: ReadonlyArray<PageSection>
  /** JSON for the script, escaped by `scriptJson`. */
  readonly data: Html
  /** What the script reads when it is needed, by id: base64. */
  readonly parts?: ReadonlyArray<readonly [id: string, base64: string]>
  readonly script: string
}

export const renderPage = ({ title, lead, sections, data, parts = [], script }: Page): string => {
  const scriptHash = createHash("sha256").update(script).digest("base64")
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'; base-uri 'none'; form-action 'none'`
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        ${trusted(titleStart)}${title}</title>
        ${trusted(`<style>${pageStyle}</style>`)}
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <nav class="bar" aria-label="Sections">
          <div>
            <div class="links">
              ${sections.map(({ id, name }) => html`<a href="#${id}">${name}</a>`)}${trusted(runLinkMarker)}
            </div>
            <button class="theme" id="theme" type="button" aria-label="Switch between light and dark">◐</button>
          </div>
        </nav>
        <main id="content" tabindex="-1">
          <header class="lead">
            ${trusted(headingStart)}${title}</h1>
            ${lead}
          </header>
          ${trusted(aboutMarker)} ${sections.map(({ id, body }) => html`<section id="${id}">${body}</section> `)}
          ${trusted(runMarker)}
        </main>
        ${[
          trusted(`<script type="application/json" id="data">${data.markup}</script>\n`),
          // Byte for byte what was hashed: no white space of the template may come in.
          trusted(`<script>${script}</script>`),
          // Last, since they are megabytes: the page is there before they have been read.
          parts.map(([id, base64]) =>
            trusted(`<script type="application/octet-stream" id="${id}">${base64}</script>\n`)
          )
        ]}
      </body>
    </html> `.markup
}
