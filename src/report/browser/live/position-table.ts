/** What the latents of one token do: how strongly they fire, what each gives to the next token's logit, what it fires on elsewhere. */
import type { PositionAnswer, PositionLatent } from "../../../explore/answers.ts"
import { element, listen } from "../script/element.ts"
import { fitted } from "../script/fit-tables.ts"
import { numberText, percentText } from "../script/number-text.ts"
import { pageLatents } from "./page-latents.ts"
import { shownAlone, shownLabel } from "./shown-token.ts"

/** Told which latent was chosen. */
type OnLatent = (latent: PositionLatent) => void

const row = (sae: string, each: PositionLatent, onLatent: OnLatent): HTMLElement => {
  const choose = element("button", { type: "button" }, String(each.latent))
  listen(choose, { click: () => onLatent(each) })
  const known = pageLatents(sae).of(each.latent)
  return element(
    "tr",
    {},
    element("td", {}, choose),
    element("td", {}, numberText(each.activation)),
    element("td", {}, each.attribution === null ? "–" : numberText(each.attribution)),
    element(
      "td",
      { class: "text" },
      known === undefined ? "–" : element("a", { href: known.href }, shownLabel(known.text))
    ),
    element(
      "td",
      { class: "text" },
      each.promoted.map((token) => element("span", { class: "chip" }, shownAlone(token).replace(/ /g, "·")))
    )
  )
}

/** @param sae digest of the SAE that was asked */
export const positionTable = (
  sae: string,
  { next, target, latents }: PositionAnswer,
  onLatent: OnLatent
): ReadonlyArray<HTMLElement> => {
  const numbers = ["Latent", "Activation", `To the logit of “${shownAlone(target)}”`]
  const head = [
    ...numbers.map((name) => element("th", { scope: "col" }, name)),
    ...["In this report", "Promotes"].map((name) => element("th", { scope: "col", class: "text" }, name))
  ]
  const expected = next.map((token) => `“${shownAlone(token)}” ${percentText(token.probability)}`).join(", ")
  return [
    element("p", {}, `Next: ${expected}`),
    fitted(
      element(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": "Latents of the token" },
        element(
          "table",
          {},
          element("thead", {}, element("tr", {}, head)),
          element(
            "tbody",
            {},
            latents.map((each) => row(sae, each, onLatent))
          )
        )
      )
    )
  ]
}
