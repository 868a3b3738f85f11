/** A button beside every text of the page that is there to be pasted elsewhere. */
import { element, listen } from "./element.ts"

export const copyButtons = (within: ParentNode): void => {
  for (const text of within.querySelectorAll<HTMLElement>("pre[data-copy]")) {
    const button = element("button", { type: "button", class: "copy" }, "Copy")
    listen(button, {
      click: () => {
        navigator.clipboard.writeText(text.textContent ?? "").then(
          () => (button.textContent = "Copied"),
          // Where a browser refuses, the text is at least chosen.
          () => getSelection()?.selectAllChildren(text)
        )
      }
    })
    text.before(button)
  }
}
