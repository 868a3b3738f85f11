/** Makes nodes, never markup, so that no text of the data is read as HTML. */

type Child = Node | string | undefined | null | ReadonlyArray<Child>

export interface Attributes {
  readonly [name: string]: string | number | boolean | undefined
}

export type Listeners = { readonly [E in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[E]) => void }

const nodesOf = (child: Child): ReadonlyArray<Node | string> => {
  if (child === undefined || child === null) return []
  return typeof child === "string" || child instanceof Node ? [child] : child.flatMap(nodesOf)
}

/** Attributes that are undefined or false are left out; those named `--x` set a property of the style. */
export const element = <T extends keyof HTMLElementTagNameMap>(
  tag: T,
  attributes: Attributes = {},
  ...children: ReadonlyArray<Child>
): HTMLElementTagNameMap[T] => {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    if (name.startsWith("--")) node.style.setProperty(name, String(value))
    else node.setAttribute(name, String(value))
  }
  node.append(...nodesOf(children))
  return node
}

export const listen = (node: HTMLElement, listeners: Listeners): void => {
  for (const [event, listener] of Object.entries(listeners)) node.addEventListener(event, listener as EventListener)
}
