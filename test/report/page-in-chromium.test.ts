import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { AxeResults } from "axe-core"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runReport } from "../../src/report/run-report.ts"
import { scienceReport } from "../../src/report/science-report.ts"
import { chromiumHere, launchChromium } from "./chromium.ts"
import { madeExperiment } from "./made-experiment.ts"
import { sampleReport } from "./sample-report.ts"

const page = runReport({ ...madeExperiment, report: scienceReport(sampleReport()) })
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

describe.skipIf(!chromiumHere)("the page in Chromium", () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser.close())

  it("breaks no rule of axe and fits its width: wide, half, of a phone; light and dark", async () => {
    for (const width of [1440, 768, 390]) {
      const context = await browser.newContext({ viewport: { width, height: 900 }, bypassCSP: true })
      const tab = await context.newPage()
      const errors: Array<string> = []
      tab.on("pageerror", ({ message }) => errors.push(message))
      await tab.setContent(page)
      await tab.evaluate(axe)
      for (const colorScheme of ["light", "dark"] as const) {
        await tab.emulateMedia({ colorScheme })
        const violations = await tab.evaluate(async () => {
          const found = await (globalThis as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run()
          return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
        })
        expect(violations, `${width} ${colorScheme}`).toEqual([])
      }
      expect(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
      expect(errors).toEqual([])
      await context.close()
    }
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
