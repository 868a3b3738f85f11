/** A control with its name above it. */
import { element } from "../script/element.ts"

export const labelled = (text: string, control: HTMLElement): HTMLElement =>
  element("label", {}, element("span", {}, text), control)
