/**
 * The live page in a real Chromium beside a real training: `node bench/live-page/main.ts [--keep FOLDER]`, about a minute.
 *
 * Starts `pipeline serve`, then a run of `experiments/quickstart.yaml` with little text and one SAE, in a cache of its own. Fails where the
 * page does not show a curve of the training while it goes on, latents of a text, the attribution of a token, a continuation
 * that differs with a latent clamped, or breaks a rule of axe.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { AxeResults } from "axe-core"
import { chromium } from "playwright-core"

const root = join(import.meta.dirname, "../..")
const keep = process.argv[process.argv.indexOf("--keep") + 1]
const folder = process.argv.includes("--keep") && keep !== undefined ? keep : mkdtempSync(join(tmpdir(), "live-page-"))
mkdirSync(folder, { recursive: true })

const settings = [
  ["widths=[256]", "tokens=20000", "steps=400", "stages.sae.with.batch_rows=512"].flatMap((each) => ["--set", each]),
  ["--cache", join(folder, "cache")]
].flat()

const pipeline = (...args: ReadonlyArray<string>): ChildProcess =>
  spawn(process.execPath, [join(root, "bin/pipeline.mjs"), ...args, ...settings], { cwd: root })

const check = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(`not so: ${what}`)
  process.stdout.write(`${what}\n`)
}

const file = "experiments/quickstart.yaml"
const server = pipeline("serve", file)
const address = await new Promise<string>((resolve, reject) => {
  let said = ""
  server.stderr?.on("data", (part: Buffer) => {
    said += part.toString()
    const found = /^http:\S+$/m.exec(said)?.[0]
    if (found !== undefined) resolve(found)
  })
  server.once("exit", () => reject(new Error(said)))
})
const run = pipeline("run", file, "sae", "ablations")
let told = ""
run.stdout?.on("data", (part: Buffer) => (told += part.toString()))
run.stderr?.on("data", (part: Buffer) => (told += part.toString()))
const ended = new Promise<number | null>((resolve) => run.once("exit", resolve))

const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--no-sandbox"]
})
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 1000 } })
  const errors: Array<string> = []
  page.on("pageerror", ({ message }) => errors.push(message))
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()))
  await page.goto(address)
  await page.locator("#live-curves figcaption", { hasText: "loss" }).waitFor({ timeout: 300_000 })
  const going = await page.locator("#live-run").textContent()
  check(going?.includes("going on") === true, "a curve of the loss is there while the run goes on")
  check((await page.locator(".graph .running").count()) > 0, "the graph marks what runs")
  await page.screenshot({ path: join(folder, "running.png"), fullPage: true })
  check((await ended) === 0, `the run ends well\n${told.slice(-300)}`)
  await page.getByText("Load the new results").click()
  await page.getByRole("button", { name: "Show latents" }).click()
  await page.getByText("To the logit of").waitFor({ timeout: 120_000 })
  const rows = await page.locator("#live-prompt tbody tr").count()
  check(rows > 1, `${rows} latents of the last token, with what each gives to the next one`)
  await page.locator("#live-prompt tbody button").first().click()
  await page.getByLabel("Set to").fill("300")
  await page.getByRole("button", { name: "Go on, with" }).click()
  const sides = page.locator("#live-prompt .two pre b")
  await sides.nth(1).waitFor({ timeout: 120_000 })
  const [unchanged, changed] = await sides.allTextContents()
  check(unchanged !== changed, `clamped, it goes on otherwise: ${unchanged} | ${changed}`)
  await page.screenshot({ path: join(folder, "asked.png"), fullPage: true })
  check(errors.length === 0, `no error in the browser ${errors.join("; ")}`)
  await page.setViewportSize({ width: 390, height: 1000 })
  await page.locator("#live-prompt table.cards").waitFor()
  const wide = await page.evaluate(
    () =>
      [...document.querySelectorAll("#live .scroll")].filter((place) => place.scrollWidth > place.clientWidth).length
  )
  check(wide === 0, "on a phone, what latents promote stands in the page, not beside it")
  // The page's policy lets no other script in, so axe looks at what it has become elsewhere.
  const copy = await browser.newPage({ viewport: { width: 1440, height: 1000 } })
  const markup = await page.evaluate(() => {
    for (const script of document.querySelectorAll("script")) script.remove()
    return document.documentElement.outerHTML
  })
  await copy.setContent(markup)
  await copy.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"))
  for (const width of [1440, 768, 390]) {
    for (const colorScheme of ["light", "dark"] as const) {
      await copy.setViewportSize({ width, height: 1000 })
      await copy.emulateMedia({ colorScheme })
      const broken = await copy.evaluate(async () => {
        const found = await (globalThis as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run()
        return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
      })
      check(broken.length === 0, `axe finds nothing wrong at ${width} pixels, ${colorScheme} ${broken.join("; ")}`)
      await copy.screenshot({ path: join(folder, `asked-${width}-${colorScheme}.png`), fullPage: true })
    }
  }
} finally {
  await browser.close()
  server.kill()
  run.kill()
}
process.stdout.write(`screenshots: ${folder}\n`)
