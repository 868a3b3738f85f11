import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { AxeResults, RunOptions } from "axe-core"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runReport } from "../../src/report/run-report.ts"
import { scienceReport } from "../../src/report/science-report.ts"
import { chromiumHere, launchChromium } from "./chromium.ts"
import { madeExperiment } from "./made-experiment.ts"
import { sampleReport } from "./sample-report.ts"

const page = runReport({ ...madeExperiment, report: scienceReport(sampleReport()) })
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/**
 * All rules where the page is widest and narrowest; between them what scrolls, and in the dark, where only colours are others, contrast.
 * All rules at all widths in both: `bench/live-page`, which costs more.
 */
const looks: ReadonlyArray<{ readonly width: number; readonly dark: boolean; readonly rules?: ReadonlyArray<string> }> =
  [
    { width: 1440, dark: false },
    { width: 1440, dark: true, rules: ["color-contrast"] },
    { width: 768, dark: false, rules: ["scrollable-region-focusable"] },
    { width: 390, dark: false },
    { width: 390, dark: true, rules: ["color-contrast"] }
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
    for (const { width, dark, rules } of looks) {
      await tab.setViewportSize({ width, height: 900 })
      await tab.emulateMedia({ colorScheme: dark ? "dark" : "light" })
      const options: RunOptions = { resultTypes: ["violations"], ...(rules && { runOnly: [...rules] }) }
      const violations = await tab.evaluate(async (asked) => {
        const { run } = (globalThis as unknown as { axe: { run: (options: RunOptions) => Promise<AxeResults> } }).axe
        const found = await run(asked)
        return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
      }, options)
      expect(violations, `${width} ${dark ? "dark" : "light"}`).toEqual([])
      expect(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width}`).toBe(true)
    }
    expect(errors).toEqual([])
    await context.close()
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
})
