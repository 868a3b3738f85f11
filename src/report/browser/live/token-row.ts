/** The tokens of a text that was asked, shaded by how strongly a latent fires on each. */
import type { TextAnswer } from "../../../explore/answers.ts"
import { element, listen } from "../script/element.ts"
import { numberText } from "../script/number-text.ts"
import { shownAlone } from "./shown-token.ts"

export interface TokenRow {
  readonly node: HTMLElement
  readonly show: (answer: TextAnswer) => void
  readonly clear: () => void
  /** Shades by that latent; without one, by the strongest of each token. */
  readonly shade: (latent?: number) => void
  /** Marks the token that is looked at. */
  readonly mark: (position: number) => void
}

export const tokenRow = (onToken: (position: number) => void): TokenRow => {
  const node = element("div", { class: "tokens", role: "group", "aria-label": "Tokens" })
  let buttons: ReadonlyArray<HTMLElement> = []
  let fired: TextAnswer["fired"] = []
  const shade = (latent?: number): void => {
    const strengths = fired.map((of) =>
      latent === undefined ? (of[0]?.[1] ?? 0) : (of.find(([id]) => id === latent)?.[1] ?? 0)
    )
    const most = Math.max(...strengths.map(Math.abs), 1e-9)
    for (const [i, button] of buttons.entries()) {
      const strength = strengths[i] ?? 0
      button.style.setProperty("--a", (Math.abs(strength) / most).toFixed(3))
      button.title = `${latent === undefined ? "strongest" : `latent ${latent}`}: ${numberText(strength)}`
    }
  }
  return {
    node,
    shade,
    clear: () => {
      buttons = []
      node.replaceChildren()
    },
    show: (answer) => {
      fired = answer.fired
      buttons = answer.tokens.map((token, i) => {
        const attributes = { type: "button", "aria-pressed": "false", disabled: i < answer.leading }
        const button = element("button", attributes, shownAlone(token))
        listen(button, { click: () => onToken(i) })
        return button
      })
      node.replaceChildren(...buttons)
      shade()
    },
    mark: (position) => {
      for (const [i, button] of buttons.entries()) button.setAttribute("aria-pressed", String(i === position))
    }
  }
}
