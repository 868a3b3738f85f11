import * as vm from "node:vm"
import { describe, expect, it } from "vitest"
import { browserScript } from "../../src/report/browser/browser-script.ts"
import { scienceReport } from "../../src/report/science-report.ts"
import type { FakeElement } from "./fake-dom.ts"
import { fakeWindow } from "./fake-dom.ts"
import { tagsOf } from "./page-tags.ts"
import { sampleReport } from "./sample-report.ts"

const data = tagsOf(scienceReport(sampleReport())).find(({ attributes }) => attributes["id"] === "data")?.text ?? ""

const started = (hash = "", ids = ["data", "theme", "latent-browser", "meta-browser"]) => {
  const window = fakeWindow(ids, data, hash)
  vm.runInNewContext(browserScript, window.globals)
  const part = (id: string) => {
    const place = window.elements.get(id) as FakeElement
    const [list] = place.find(({ tag }) => tag === "ul")
    const [search] = place.find(({ tag }) => tag === "input")
    const selects = place.find(({ tag }) => tag === "select")
    const [detail] = place.find(({ attributes }) => attributes.get("class") === "detail")
    if (list === undefined || search === undefined || detail === undefined) throw new Error(`${id} is empty`)
    const names = () => list.children.map((item) => item.children[0]?.textContent)
    return { place, list, search, selects, detail, names }
  }
  return { ...window, part }
}

describe("the script of the report", () => {
  it("lists the latents of the first SAE, the best explained first, and shows the first", () => {
    const { names, detail, list } = started().part("latent-browser")
    expect(names()).toEqual(["1", "8", "15"])
    expect(detail.textContent).toContain("Latent 1")
    expect(detail.textContent).toContain("30 found, 10 false, 10 missed on held-out rows")
    expect(list.getAttribute("aria-activedescendant")).toBe(list.children[0]?.id)
  })

  it("shows tokens of the data as text, marked by activation", () => {
    const { detail } = started().part("latent-browser")
    const marked = detail.find(({ attributes }) => attributes.get("class") === "t pivot")
    expect(marked[0]?.textContent).toBe("</script>")
    expect(marked[0]?.attributes.get("--a")).toBe("1.000")
    expect(detail.textContent).toContain(" the↵</script> <b>&\"'")
  })

  it("moves with the keys, and stops at the ends", () => {
    const { list, detail } = started().part("latent-browser")
    list.fire("keydown", { key: "ArrowDown" })
    expect(detail.textContent).toContain("Latent 8")
    list.fire("keydown", { key: "End" })
    expect(detail.textContent).toContain("Latent 15")
    expect(detail.textContent).toContain("Not scored")
    list.fire("keydown", { key: "ArrowDown" })
    expect(detail.textContent).toContain("Latent 15")
    list.fire("keydown", { key: "Home" })
    expect(detail.textContent).toContain("Latent 1")
    expect(list.children.map((item) => item.getAttribute("aria-selected"))).toEqual(["true", "false", "false"])
  })

  it("searches explanations, and says when nothing matches", () => {
    const { search, names, detail, place } = started().part("latent-browser")
    search.value = "cat (1)"
    search.fire("input")
    expect(names()).toEqual(["8"])
    expect(place.textContent).toContain("1 of 3 latents")
    search.value = "zebra"
    search.fire("input")
    expect(names()).toEqual([])
    expect(detail.textContent).toBe("Nothing matches.")
    search.fire("keydown", { key: "Escape" })
    expect(names()).toEqual(["1", "8", "15"])
  })

  it("changes the order and the SAE", () => {
    const { selects, names, detail } = started().part("latent-browser")
    const [sae, order] = selects
    if (sae === undefined || order === undefined) throw new Error("no selects")
    order.value = "2"
    order.fire("change")
    expect(names()).toEqual(["15", "8", "1"])
    sae.value = "1"
    sae.fire("change")
    expect(detail.textContent).toContain("Reconstruction: added alone to the small SAE")
  })

  it("links meta-latents to the latents of their SAE, and back", () => {
    const { detail, list } = started().part("meta-browser")
    expect(list.children[0]?.textContent).toContain("64 latents")
    const window = started("#latent/1/8")
    const latents = window.part("latent-browser")
    expect(latents.detail.textContent).toContain("Latent 8")
    expect(latents.place.scrolled).toBe(1)
    const links = latents.detail.find(({ tag }) => tag === "a").map((link) => link.getAttribute("href"))
    expect(links).toEqual(["#meta/0/8", "#meta/0/9"])
    window.globals.location.hash = "#meta/0/0"
    window.listeners.fire("hashchange")
    const meta = window.part("meta-browser").detail
    expect(meta.textContent).toContain("Meta-latent 0")
    expect(meta.find(({ tag }) => tag === "a").map((link) => link.getAttribute("href"))).toEqual(["#latent/1/1"])
    expect(detail.textContent).toContain("not in the sample")
  })

  it("switches between light and dark", () => {
    const { elements, root } = started()
    elements.get("theme")?.fire("click")
    expect(root.dataset["theme"]).toBe("dark")
    elements.get("theme")?.fire("click")
    expect(root.dataset["theme"]).toBe("light")
  })

  it("does without browsers that the page does not have", () => {
    expect(() => started("#latent/0/1", ["data", "theme"])).not.toThrow()
  })
})
