/** A text, the latents that fire on it, what those of a token do, and how the model goes on where one is clamped. */
import type {
  ContinuationAnswer,
  ListedSae,
  PositionAnswer,
  PositionLatent,
  TextAnswer,
  Token
} from "../../../explore/answers.ts"
import { covered } from "../../page/masked-words.ts"
import { element, listen } from "../script/element.ts"
import { numberText, percentText } from "../script/number-text.ts"
import { ask, get } from "./ask.ts"

/** Covered as the rest of the page is, until its reader uncovers words. */
const shown = (text: string): string => {
  const asked = document.querySelector(".uncover")?.getAttribute("aria-pressed") === "true"
  return (asked ? text : covered(text)).replace(/\n/g, "↵").replace(/\t/g, "⇥")
}

const together = (tokens: ReadonlyArray<Token>): string => shown(tokens.map(({ text }) => text).join(""))

const labelled = (text: string, control: HTMLElement): HTMLElement =>
  element("label", {}, element("span", {}, text), control)

export const prompt = async (place: HTMLElement): Promise<void> => {
  const saes = await get<ReadonlyArray<ListedSae>>("/api/saes")
  if (saes.length === 0) {
    place.append(element("p", { class: "note" }, "The store has no SAE yet."))
    return
  }
  const sae = element(
    "select",
    {},
    saes.map(({ digest, label }) => element("option", { value: digest }, label))
  )
  const text = element("textarea", { rows: 3, spellcheck: false })
  text.value = " cat has the first letter:"
  const go = element("button", { type: "submit" }, "Show latents")
  const says = element("p", { class: "note", role: "status" })
  const tokens = element("div", { class: "tokens", role: "group", "aria-label": "Tokens" })
  const detail = element("div", {})
  const latent = element("input", { type: "number", min: 0, step: 1, value: 0 })
  const value = element("input", { type: "number", step: "any", value: 10 })
  const length = element("input", { type: "number", min: 1, max: 64, value: 16 })
  const clamp = element("button", { type: "submit" }, "Go on, with it clamped and without")
  const sides = element("div", { class: "two" })
  const asking = element("form", {}, labelled("SAE", sae), labelled("Text", text), go)
  const clamping = element(
    "form",
    { class: "clamp" },
    labelled("Latent", latent),
    labelled("Set to", value),
    labelled("Tokens", length),
    clamp
  )
  place.append(
    asking,
    says,
    tokens,
    detail,
    element("h3", {}, "Clamp a latent"),
    element(
      "p",
      { class: "note" },
      "It is set to this activation at every token but the first special one; what the SAE does not reconstruct stays. Most probable token after token."
    ),
    clamping,
    sides
  )

  let answer: TextAnswer | undefined
  let asked = { sae: "", text: "" }
  /** Of the latent that is looked at; without one, of the strongest of each token. */
  const mark = (wanted: number | undefined): void => {
    if (answer === undefined) return
    const strengths = answer.fired.map((fired) =>
      wanted === undefined ? (fired[0]?.[1] ?? 0) : (fired.find(([id]) => id === wanted)?.[1] ?? 0)
    )
    const most = Math.max(...strengths.map(Math.abs), 1e-9)
    ;[...tokens.children].forEach((node, i) => {
      const button = node as HTMLElement
      button.style.setProperty("--a", (Math.abs(strengths[i] ?? 0) / most).toFixed(3))
      button.title =
        wanted === undefined
          ? `strongest: ${numberText(strengths[i] ?? 0)}`
          : `latent ${wanted}: ${numberText(strengths[i] ?? 0)}`
    })
  }

  const busy = async (button: HTMLButtonElement, what: () => Promise<void>): Promise<void> => {
    button.disabled = true
    says.textContent = "Computing…"
    try {
      await what()
      says.textContent = ""
    } catch (error) {
      says.textContent = error instanceof Error ? error.message : String(error)
    } finally {
      button.disabled = false
    }
  }

  const row = (each: PositionLatent): HTMLElement => {
    const choose = element("button", { type: "button" }, String(each.latent))
    listen(choose, {
      click: () => {
        mark(each.latent)
        latent.value = String(each.latent)
        value.value = String(Number((2 * each.activation).toPrecision(3)))
      }
    })
    return element(
      "tr",
      {},
      element("td", {}, choose),
      element("td", {}, numberText(each.activation)),
      element("td", {}, each.attribution === null ? "–" : numberText(each.attribution)),
      element("td", { class: "text" }, each.promoted.map(shown).join(" "))
    )
  }

  const position = (at: number) => async (): Promise<void> => {
    const found = await ask<PositionAnswer>("look", { ...asked, position: at })
    ;[...tokens.children].forEach((node, i) => node.setAttribute("aria-pressed", String(i === at)))
    const head = ["Latent", "Activation", `To the logit of “${shown(found.target.text)}”`, "Promotes"]
    detail.replaceChildren(
      element(
        "p",
        {},
        `Next: ${found.next.map(({ text: each, probability }) => `“${shown(each)}” ${percentText(probability)}`).join(", ")}`
      ),
      element(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": "Latents of the token" },
        element(
          "table",
          {},
          element(
            "thead",
            {},
            element(
              "tr",
              {},
              head.map((name, i) => element("th", { scope: "col", class: i === 3 ? "text" : undefined }, name))
            )
          ),
          element("tbody", {}, found.latents.map(row))
        )
      )
    )
  }

  listen(asking, {
    submit: (event) => {
      event.preventDefault()
      void busy(go, async () => {
        asked = { sae: sae.value, text: text.value }
        answer = await ask<TextAnswer>("fire", asked)
        tokens.replaceChildren(
          ...answer.tokens.map((token, i) => {
            const button = element(
              "button",
              {
                type: "button",
                "aria-pressed": "false",
                disabled: i < (answer?.leading ?? 0)
              },
              shown(token.text)
            )
            listen(button, { click: () => void busy(go, position(i)) })
            return button
          })
        )
        detail.replaceChildren()
        mark(undefined)
        await position(answer.tokens.length - 1)()
      })
    }
  })
  listen(clamping, {
    submit: (event) => {
      event.preventDefault()
      void busy(clamp, async () => {
        const made = await ask<ContinuationAnswer>("continue", {
          sae: sae.value,
          text: text.value,
          latent: Number(latent.value),
          value: Number(value.value),
          tokens: Number(length.value)
        })
        const side = (title: string, all: ReadonlyArray<Token>): HTMLElement =>
          element(
            "div",
            {},
            element("h4", {}, title),
            element("pre", { class: "prose" }, `${text.value}`, element("b", {}, together(all)))
          )
        sides.replaceChildren(
          side("As it is", made.unchanged),
          side(`Latent ${latent.value} at ${value.value}`, made.changed)
        )
      })
    }
  })
}
