/** One colour per SAE, the same in every figure. Four are told apart; further ones repeat. */
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"

export const colourOf = (index: number): number => index % 4

export const swatch = (index: number): Html => html`<span class="swatch s${colourOf(index)}"></span>`
