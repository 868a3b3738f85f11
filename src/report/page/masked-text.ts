/** Words of the data in the page's own tables: slurs stand covered, and the page's script uncovers them when asked. */
import { html, type HtmlValue } from "./html.ts"
import { covered } from "./masked-words.ts"

export const maskedText = (text: string): HtmlValue => {
  const shown = covered(text)
  return shown === text ? text : html`<span data-covered="${text}">${shown}</span>`
}
