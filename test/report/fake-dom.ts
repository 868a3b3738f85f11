/** As much of a browser's document as the report's script uses, to run that script without a browser. */

type Listener = (event: FakeEvent) => void
interface FakeEvent {
  readonly key?: string
  readonly target?: FakeElement
  readonly preventDefault: () => void
}

export class FakeElement {
  readonly tag: string
  readonly attributes = new Map<string, string>()
  readonly listeners = new Map<string, Array<Listener>>()
  readonly dataset: Record<string, string> = {}
  readonly style = { setProperty: (name: string, value: string) => this.attributes.set(name, value) }
  nodes: Array<FakeElement | string> = []
  value = ""
  hidden = false
  scrollTop = 0
  scrolled = 0
  constructor(tag: string) {
    this.tag = tag
  }
  get children(): ReadonlyArray<FakeElement> {
    return this.nodes.filter((node) => typeof node !== "string")
  }
  get tagName(): string {
    return this.tag.toUpperCase()
  }
  get id(): string {
    return this.attributes.get("id") ?? ""
  }
  get textContent(): string {
    return this.nodes.map((node) => (typeof node === "string" ? node : node.textContent)).join("")
  }
  set textContent(text: string) {
    this.nodes = [text]
  }
  append(...nodes: ReadonlyArray<FakeElement | string | number>): void {
    this.nodes.push(...nodes.map((node) => (node instanceof FakeElement ? node : String(node))))
  }
  replaceChildren(...nodes: ReadonlyArray<FakeElement | string>): void {
    this.nodes = []
    this.append(...nodes)
  }
  setAttribute(name: string, value: unknown): void {
    this.attributes.set(name, String(value))
    if (name === "value") this.value = String(value)
  }
  getAttribute(name: string): string | null {
    return this.attributes.get(name) ?? null
  }
  addEventListener(name: string, listener: Listener): void {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener])
  }
  fire(name: string, event: Partial<FakeEvent> = {}): void {
    for (const listener of this.listeners.get(name) ?? [])
      listener({ preventDefault: () => {}, target: this, ...event })
  }
  getBoundingClientRect(): { readonly top: number; readonly bottom: number } {
    return { top: 0, bottom: 0 }
  }
  focus(): void {}
  closest(): null {
    return null
  }
  scrollIntoView(): void {
    this.scrolled++
  }
  /** All descendants for which `test` holds. */
  find(test: (element: FakeElement) => boolean): ReadonlyArray<FakeElement> {
    return this.children.flatMap((child) => [...(test(child) ? [child] : []), ...child.find(test)])
  }
}

/** The globals that the script sees, with elements of the given ids. */
export const fakeWindow = (ids: ReadonlyArray<string>, data: string, hash = "") => {
  const elements = new Map(
    ids.map((id) => {
      const element = new FakeElement("div")
      element.setAttribute("id", id)
      return [id, element]
    })
  )
  elements.get("data")?.append(data)
  const root = new FakeElement("html")
  const page = new FakeElement("document")
  const listeners = new FakeElement("window")
  return {
    root,
    page,
    elements,
    listeners,
    globals: {
      document: Object.assign(page, {
        documentElement: root,
        activeElement: root,
        createElement: (tag: string) => new FakeElement(tag),
        getElementById: (id: string) => elements.get(id) ?? null
      }),
      location: { hash },
      matchMedia: () => ({ matches: false }),
      addEventListener: (name: string, listener: Listener) => listeners.addEventListener(name, listener)
    }
  }
}
