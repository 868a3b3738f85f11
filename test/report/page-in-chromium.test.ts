import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { AxeResults, RunOptions } from "axe-core"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runReport } from "../../src/report/run-report.ts"
import { scienceReport } from "../../src/report/science-report.ts"
import { chromiumHere, launchChromium } from "./chromium.ts"
import { madeExperiment } from "./made-experiment.ts"
import { dashboard, tokenTexts } from "./sample-latents.ts"
import { sampleReport } from "./sample-report.ts"

const page = runReport({ ...madeExperiment, report: scienceReport(sampleReport()) })
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/**
 * All rules where the page is widest and narrowest; between them what scrolls, and in the dark, where only colours are others, contrast.
 * All rules at all widths in both: `bench/live-page`, which costs more.
 */
const looks: ReadonlyArray<{
  readonly width: number
  readonly dark: boolean
  readonly rules?: ReadonlyArray<string>
  /** In place of the report. */
  readonly hash?: string
}> = [
  { width: 1440, dark: false },
  { width: 1440, dark: true, rules: ["color-contrast"] },
  { width: 768, dark: false, rules: ["scrollable-region-focusable"] },
  { width: 390, dark: false },
  { width: 390, dark: true, rules: ["color-contrast"] },
  { width: 1440, dark: false, hash: "#explore/0/8" },
  { width: 390, dark: true, hash: "#meta/0/8" }
]

describe.skipIf(!chromiumHere)("the page in Chromium", () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser.close())

  it("breaks no rule of axe and fits its width: wide, half, of a phone; light and dark", async () => {
    const context = await browser.newContext({ bypassCSP: true })
    const tab = await context.newPage()
    const errors: Array<string> = []
    tab.on("pageerror", ({ message }) => errors.push(message))
    await tab.setContent(page)
    await tab.evaluate(axe)
    for (const { width, dark, rules, hash } of looks) {
      if (hash !== undefined) await tab.evaluate((to) => (location.hash = to), hash)
      await tab.setViewportSize({ width, height: 900 })
      await tab.emulateMedia({ colorScheme: dark ? "dark" : "light" })
      const options: RunOptions = { resultTypes: ["violations"], ...(rules && { runOnly: [...rules] }) }
      const violations = await tab.evaluate(async (asked) => {
        const { run } = (globalThis as unknown as { axe: { run: (options: RunOptions) => Promise<AxeResults> } }).axe
        const found = await run(asked)
        return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
      }, options)
      expect(violations, `${width} ${dark ? "dark" : "light"} ${hash ?? ""}`).toEqual([])
      expect(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width}`).toBe(true)
    }
    expect(errors).toEqual([])
    await context.close()
  })

  it("draws charts as wide as the page with letters of one size, and makes cards of tables that do not fit, on a desk and on a phone", async () => {
    const tab = await browser.newPage()
    await tab.setContent(page)
    await tab.evaluate(() => {
      for (const details of document.querySelectorAll("details")) details.open = true
    })
    for (const width of [1440, 768, 390]) {
      await tab.setViewportSize({ width, height: 900 })
      // Tables are fitted before the frame after the one that finds them too wide.
      await tab.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
      const seen = await tab.evaluate(() => {
        const across = [...document.querySelectorAll<HTMLElement>("main .scroll, main .fluid")].filter(
          // Very long tables are no cards: their first column stays in view.
          (region) => region.querySelector(".trace, tr:nth-child(31)") === null
        )
        return {
          wider: across
            .filter((region) => region.scrollWidth > region.clientWidth + 1)
            .map((region) => region.getAttribute("aria-label") ?? region.className),
          beyond: [...document.querySelectorAll("main svg")]
            .filter((chart) => chart.querySelector(".trace") === null && !chart.matches(".trace"))
            .filter((chart) => chart.getBoundingClientRect().right > document.documentElement.clientWidth)
            .map((chart) => chart.getAttribute("aria-label")),
          charts: [...document.querySelectorAll<SVGElement>(".fluid > svg")].map((chart) => ({
            letters: chart.querySelector("text")?.getBoundingClientRect().height,
            // What is drawn to the right of the chart is the name of a line, within the page.
            right: Math.max(...[...chart.querySelectorAll("text")].map((text) => text.getBoundingClientRect().right))
          })),
          cards: document.querySelectorAll("table.cards").length
        }
      })
      expect(seen.wider, `${width}`).toEqual([])
      expect(seen.beyond, `${width}`).toEqual([])
      expect(seen.charts.length).toBeGreaterThan(1)
      for (const { letters, right } of seen.charts) {
        expect(letters).toBeGreaterThan(11)
        expect(right).toBeLessThanOrEqual(width)
      }
      if (width === 1440) expect(seen.cards).toBe(0)
      else expect(seen.cards).toBeGreaterThan(2)
    }
    // A value of a card says of which column it is.
    const cell = tab.locator("table.cards").first().locator("td[data-name]").first()
    const head = tab.locator("table.cards").first().locator("thead th").nth(1)
    expect(await cell.getAttribute("data-name")).toBe((await head.textContent())?.trim())
    expect(await tab.locator(".wide-graph").isVisible()).toBe(false)
    expect(await tab.locator(".graph.column").isVisible()).toBe(true)
    await tab.close()
  })

  it("keeps what is in view of thousands of latents, scrolls to the one that an address names, and lets go of the rest", async () => {
    const tab = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    const sample = sampleReport()
    const [sae] = sample.saes
    if (sae === undefined) throw new Error("the sample has no SAE")
    const [part = []] = dashboard(64, "sae-small").parts
    const many = Array.from({ length: 3000 }, (_, latent) => part.map((each) => ({ ...each, latent })))
    await tab.setContent(
      scienceReport({
        ...sample,
        interpretations: [],
        saes: [sae],
        dashboards: [{ ...dashboard(64, "sae-small"), live: 3000, parts: [many.flat()] }]
      })
    )
    const place = tab.locator("#latent-browser")
    await tab.evaluate(() => (location.hash = "#latent/0/2900"))
    await place.locator("h3", { hasText: "Latent 2900" }).waitFor()
    const inView = async () => {
      const rows = await place.locator("li").evaluateAll((all) =>
        all.flatMap((row) => {
          const [own, box] = [row.getBoundingClientRect(), row.parentElement?.getBoundingClientRect()]
          return box !== undefined && own.bottom > box.top && own.top < box.bottom
            ? [row.firstElementChild?.textContent]
            : []
        })
      )
      expect(await place.locator("li").count()).toBeLessThan(100)
      return rows
    }
    expect(await inView()).toContain("2900")
    // A row that stays in view is not made again, whose text would be laid out anew in every frame; none is there twice.
    const numbered = await place.locator("ul").evaluate(async (list) => {
      const before = [...list.children].map((row) => [row, row.textContent] as const)
      const [from, height] = [list.scrollTop, list.children[1]?.getBoundingClientRect().height ?? 0]
      list.scrollTop -= 4 * height
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
      const stayed = before.filter(([row, text]) => row.parentElement === list && row.textContent === text).length
      list.scrollTop = from
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
      return {
        drawn: before.length,
        stayed,
        rows: [...list.querySelectorAll<HTMLElement>("li")].map((row) => row.dataset["row"])
      }
    })
    expect(numbered.stayed).toBeGreaterThan(numbered.drawn - 10)
    const first = Number(numbered.rows[0])
    expect(numbered.rows).toEqual(numbered.rows.map((_, i) => String(first + i)))
    expect(await inView()).toContain("2900")
    await place.locator("ul").press("End")
    expect(await inView()).toContain("2999")
    await place.locator("ul").evaluate((list) => (list.scrollTop = list.scrollHeight / 2))
    await place.locator("li", { hasText: "1500" }).first().waitFor()
    expect(await place.locator("ul").getAttribute("aria-activedescendant")).toBeNull()
    await tab.close()
  })

  it("draws a map of latents that a mouse, a finger or keys draw round; the address names what was drawn", async () => {
    const tab = await browser.newPage({ viewport: { width: 1440, height: 900 }, hasTouch: true })
    const sample = sampleReport()
    const [sae] = sample.saes
    const [part = []] = dashboard(64, "sae-small").parts
    if (sae === undefined || part[0] === undefined) throw new Error("the sample has no SAE with a dashboard")
    // A grid of 8 x 8: number 8 j + i lies at (i / 7, j / 7).
    const latents = Array.from({ length: 64 }, (_, latent) => latent)
    const template = part[0]
    await tab.setContent(
      scienceReport({
        ...sample,
        interpretations: [],
        saes: [sae],
        dashboards: [
          { ...dashboard(64, "sae-small"), live: 64, parts: [latents.map((latent) => ({ ...template, latent }))] }
        ],
        maps: [
          {
            digest: "sae-small",
            d_sae: 64,
            latents,
            x: latents.map((latent) => (latent % 8) / 7),
            y: latents.map((latent) => Math.floor(latent / 8) / 7)
          }
        ]
      })
    )
    const place = tab.locator("#latent-browser")
    const listed = () => place.locator("li .id").allTextContents()
    await place.getByRole("button", { name: "Map" }).click()
    const canvas = place.locator("canvas")
    /** Where points of the grid are, now that the map is in view. */
    const inView = async () => {
      await canvas.scrollIntoViewIfNeeded()
      const box = await canvas.boundingBox()
      if (box === null) throw new Error("the map is not to be seen")
      const side = Math.min(box.width, box.height) - 28
      const at = (i: number, j: number) => ({
        x: box.x + box.width / 2 + (i / 7 - 0.5) * side,
        y: box.y + box.height / 2 - (j / 7 - 0.5) * side
      })
      // Round 0, 1, 8 and 9.
      return { at, corners: [at(-0.2, -0.2), at(1.5, -0.2), at(1.5, 1.5), at(-0.2, 1.5)] as const }
    }
    const { corners } = await inView()
    await tab.mouse.move(corners[0].x, corners[0].y)
    await tab.mouse.down()
    for (const { x, y } of corners.slice(1)) await tab.mouse.move(x, y, { steps: 5 })
    await tab.mouse.up()
    expect(await listed()).toEqual(["0", "1", "8", "9"])
    const address = await tab.evaluate(() => location.hash)
    await place.getByRole("button", { name: "Whole map" }).click()
    expect((await listed()).length).toBeGreaterThan(10)
    await tab.evaluate((to) => (location.hash = to), address)
    await expect.poll(listed).toEqual(["0", "1", "8", "9"])
    await place.getByRole("button", { name: "Whole map" }).click()

    const finger = await tab.context().newCDPSession(tab)
    const touch = (
      type: "touchStart" | "touchMove" | "touchEnd",
      ...touchPoints: ReadonlyArray<{ x: number; y: number }>
    ) => finger.send("Input.dispatchTouchEvent", { type, touchPoints: [...touchPoints] })
    const { at, corners: again } = await inView()
    await touch("touchStart", again[0])
    for (const corner of again.slice(1)) await touch("touchMove", corner)
    await touch("touchEnd")
    await expect.poll(listed).toEqual(["0", "1", "8", "9"])

    await canvas.press("Escape")
    for (const key of ["ArrowRight", "Enter"]) await canvas.press(key)
    // From latent 0, a step to the right: the circle reaches no other.
    expect(await listed()).toEqual(["0"])
    await canvas.press("Escape")
    const { x, y } = at(3, 5)
    await tab.mouse.move(x, y)
    expect(await place.locator("p[role=status]").textContent()).toContain("Latent 43:")
    await tab.mouse.click(x, y)
    await place.locator("h3", { hasText: "Latent 43" }).waitFor()
    await tab.close()
  })

  it("shows text from right to left in its own direction, and examples of thousands of tokens within the page", async () => {
    const tab = await browser.newPage({ viewport: { width: 390, height: 844 } })
    const sample = sampleReport()
    const [sae] = sample.saes
    const texts = {
      ...tokenTexts,
      "7": " שלום",
      "8": " עולם",
      "9": "</div><script>throw 1</script>",
      "10": "a".repeat(300)
    }
    const [part = []] = dashboard(64, "sae-small").parts
    const [template] = part
    if (sae === undefined || template === undefined) throw new Error("the sample has no SAE with a dashboard")
    const long = Array.from({ length: 3000 }, (_, i) => (i % 50 === 0 ? 10 : 1))
    const shown = [[7, 8], [9, 10], long].map((tokens) => ({
      group: 0,
      position: 0,
      pivot: 1,
      tokens,
      activations: tokens.map((_, i) => (i === 1 ? 4 : 0))
    }))
    const errors: Array<string> = []
    tab.on("pageerror", ({ message }) => errors.push(message))
    const page = scienceReport({
      ...sample,
      interpretations: [],
      saes: [sae],
      dashboards: [{ ...dashboard(64, "sae-small", texts), parts: [[{ ...template, examples: shown }]] }]
    })
    await tab.setContent(page)
    const contexts = tab.locator("#latent-browser .context")
    await contexts.nth(2).waitFor()
    // The second word, marked, stands left of the first.
    const [line, marked] = [contexts.first().locator("> span").last(), contexts.first().locator(".pivot")]
    const own = await marked.boundingBox()
    expect(await line.textContent()).toBe(" שלום עולם")

    const order = await line.evaluate((node) => {
      const range = document.createRange()
      range.selectNodeContents(node.firstChild!)
      return range.getBoundingClientRect().left
    })
    expect(own!.x).toBeLessThan(order)
    expect(await contexts.nth(1).textContent()).toContain("</div><script>throw 1</script>")
    expect(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
    expect(errors).toEqual([])
    await tab.close()
  })

  it("marks an accent with its letter, and shows marks of direction in place of obeying them", async () => {
    const tab = await browser.newPage({ viewport: { width: 768, height: 900 } })
    const sample = sampleReport()
    const [sae] = sample.saes
    const texts = { ...tokenTexts, "7": " cafe", "8": "\u0301", "9": " \u202eolleh", "10": " שלום" }
    const [[template] = []] = dashboard(64, "sae-small").parts
    if (sae === undefined || template === undefined) throw new Error("the sample has no SAE with a dashboard")
    const shown = [
      [7, 8, 2, 2],
      [2, 9, 2, 2]
    ].map((tokens) => ({ group: 0, position: 0, pivot: 1, tokens, activations: [0, 4, 0, 0] }))
    const latent = { ...template, examples: shown, promoted: [[8, 0.5] as const, [10, 0.25] as const] }
    const report = { ...sample, interpretations: [], saes: [sae] }
    await tab.setContent(
      scienceReport({ ...report, dashboards: [{ ...dashboard(64, "sae-small", texts), parts: [[latent]] }] })
    )
    const [accented, turned] = [0, 1].map((i) => tab.locator("#latent-browser .context").nth(i).locator(".pivot"))
    await accented!.waitFor()
    expect(await accented!.textContent()).toBe(" cafe\u0301")
    expect(await accented!.getAttribute("title")).toBe("0, 4")
    expect((await accented!.boundingBox())!.width).toBeGreaterThan(20)
    expect(await turned!.textContent()).toBe(" [U+202E]olleh")
    const chips = await tab.locator("#latent-browser .weights .chip").allTextContents()
    expect(chips).toEqual(["◌\u0301", "·שלום"])
    // What stands behind the word from right to left is still right of it.
    const explanation = tab.locator("#latent-browser .explanation")
    const lefts = await explanation.evaluate((node) => {
      const text = node.firstChild as Text
      const left = (word: string) => {
        const range = document.createRange()
        range.setStart(text, text.data.indexOf(word))
        range.setEnd(text, text.data.indexOf(word) + word.length)
        return range.getBoundingClientRect().left
      }
      return ["fires", "◌", "promotes", "שלום"].map(left)
    })
    expect(lefts).toEqual(lefts.toSorted((a, b) => a - b))
    await tab.close()
  })

  it("goes through by keyboard, saves a table, and prints the latents that are shown", async () => {
    const tab = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await tab.setContent(page)
    await tab.keyboard.press("/")
    await tab.keyboard.type("8")
    await tab.keyboard.press("ArrowDown")
    expect(await tab.locator("#latent-browser h3").first().textContent()).toBe("Latent 8")
    const [saved] = await Promise.all([
      tab.waitForEvent("download"),
      tab.getByRole("button", { name: "Save Summary table as CSV" }).click()
    ])
    expect(saved.suggestedFilename()).toBe("sample-sample-report-summary-table.csv")
    const text = readFileSync(await saved.path(), "utf8")
    expect(text).toContain("width 64, seed 0")
    await tab.emulateMedia({ media: "print" })
    expect(await tab.locator(".bar").isVisible()).toBe(false)
    expect(await tab.locator("#latent-browser .detail").isVisible()).toBe(true)
    await tab.close()
  })

  it("prints on white paper every column of every table and all of every chart", async () => {
    // The text of A4 between these margins.
    const tab = await browser.newPage({ viewport: { width: 700, height: 1000 }, colorScheme: "dark" })
    await tab.setContent(page)
    await tab.emulateMedia({ media: "print", colorScheme: "dark" })
    const cut = await tab.evaluate(() =>
      [...document.querySelectorAll(".scroll")].flatMap((region) =>
        [...region.children]
          .filter((child) => child.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
          .map(() => region.getAttribute("aria-label"))
      )
    )
    expect(cut).toEqual([])
    expect(await tab.locator(".scroll > table").count()).toBeGreaterThan(3)
    expect(await tab.locator(".scroll > svg").count()).toBeGreaterThan(0)
    expect(await tab.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe("rgb(255, 255, 255)")
    await tab.close()
  })
})
