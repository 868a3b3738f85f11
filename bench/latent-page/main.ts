/**
 * A report of one SAE with 16,384 latents of 40 examples each, and of a meta-SAE of it, in a real Chromium:
 * `node bench/latent-page/main.ts [LATENTS]`, half a minute. Tells the page's size, when its first view stands, how many frames a second
 * scrolling the list has and what a frame costs, what the map of latents costs, and the memory of the process that shows it; fails where the first view takes more than a second of that process's
 * CPU time, a frame more than a sixtieth, or its memory is above 300 MB.
 */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { chromium } from "playwright-core"
import type { DashboardText } from "../../src/kinds/dashboard/dashboard-text.ts"
import type { DashboardLatent } from "../../src/kinds/dashboard/read-dashboard.ts"
import { make as makeRng } from "../../src/random/rng.ts"
import { scienceReport } from "../../src/report/science-report.ts"
import { sampleReport } from "../../test/report/sample-report.ts"
import { saeInfo } from "../../test/report/sample-sae.ts"

const latents = Number(process.argv[2] ?? 16_384)
const vocabulary = 8192
const metaLatents = Math.ceil(latents / 8)
const rng = makeRng(0, "latent-page")

const texts = Object.fromEntries(Array.from({ length: vocabulary }, (_, i) => [String(i), ` w${i.toString(36)}rd`]))

/** Every context has an example of some latent, so that the page holds all of the text. */
const [contextSize, contexts] = [128, 7812]
const text: DashboardText = {
  contextSize,
  leading: 0,
  contexts: Int32Array.from({ length: contexts }, (_, i) => i),
  ids: Int32Array.from({ length: contexts * contextSize }, () => rng.int(vocabulary))
}

const example = (group: number) => {
  const position = rng.int(contexts) * contextSize + 24 + rng.int(contextSize - 34)
  return {
    group,
    position,
    pivot: 24,
    tokens: [...text.ids.subarray(position - 24, position + 11)],
    activations: Array.from({ length: 35 }, (_, i) =>
      i === 24 ? 1 + 3 * rng.float() : rng.int(8) === 0 ? 3 * rng.float() : 0
    )
  }
}

const weighted = (most: number, ids: number) => Array.from({ length: most }, () => [rng.int(ids), rng.float()] as const)

const latent = (id: number): DashboardLatent => ({
  latent: id,
  count: 100 + rng.int(1000),
  max: 4,
  cosine: rng.float(),
  histogram: Array.from({ length: 24 }, () => rng.int(50)),
  promoted: weighted(10, vocabulary),
  suppressed: weighted(10, vocabulary),
  neighbours: weighted(8, latents),
  coactive: weighted(8, latents),
  examples: [16, 4, 4, 4, 4, 8].flatMap((size, group) => Array.from({ length: size }, () => example(group)))
})

const all = Array.from({ length: latents }, (_, id) => latent(id))
const parts = Array.from({ length: Math.ceil(latents / 256) }, (_, part) => all.slice(256 * part, 256 * (part + 1)))
const sample = sampleReport()
const [meta] = sample.metaSaes
if (meta === undefined) throw new Error("the sample has no meta-SAE")
const rendering = process.cpuUsage()
const html = scienceReport({
  ...sample,
  saes: [{ at: {}, value: saeInfo(latents, "sae") }],
  evaluations: [],
  interpretations: [],
  explanations: [],
  absorptions: [],
  stitchings: [],
  comparisons: [],
  figures: [],
  metaAnalyses: [],
  metaEdits: [],
  sizes: [],
  metaSaes: [
    {
      at: {},
      base: "sae",
      value: {
        ...meta.value,
        base: { d_sae: latents, d_in: 192 },
        meta: { d_sae: metaLatents, k: 4 },
        latents: all.map(() => ({
          ids: Array.from({ length: 4 }, () => rng.int(metaLatents)),
          activations: [0.7, 0.5, 0.3, 0.1]
        }))
      }
    }
  ],
  maps: [
    {
      digest: "sae",
      d_sae: latents,
      latents: all.map((each) => each.latent),
      x: all.map(() => rng.float()),
      y: all.map(() => rng.float())
    }
  ],
  dashboards: [
    { digest: "sae", d_sae: latents, live: latents, bands: 4, rows: contexts * contextSize, texts, text, parts }
  ]
})
const { user } = process.cpuUsage(rendering)
const file = join(mkdtempSync(join(tmpdir(), "latent-page-")), "report.html")
writeFileSync(file, html)
process.stdout.write(
  `${latents} latents, ${all.length * 40} examples: ${(html.length / 2 ** 20).toFixed(1)} MiB, written in ${(user / 1e6).toFixed(1)} s of a CPU\n`
)

const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--no-sandbox"]
})
const tab = await browser.newPage({ viewport: { width: 1440, height: 900 } })
const metrics = await tab.context().newCDPSession(tab)
await metrics.send("Performance.enable")
const processes = await (await browser.newBrowserCDPSession()).send("SystemInfo.getProcessInfo")
const renderers = processes.processInfo.filter(({ type }) => type === "renderer")

/** Resident bytes of the process that shows the page. */
const memory = (): number => {
  const kilobytes = renderers.map(({ id }) =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1])
  )
  return Math.max(...kilobytes) * 1024
}
const measured = async (): Promise<ReadonlyMap<string, number>> => {
  const { metrics: values } = await metrics.send("Performance.getMetrics")
  return new Map(values.map(({ name, value }) => [name, value]))
}
const empty = memory()
const start = performance.now()
await tab.goto(`file://${file}`, { waitUntil: "commit" })
await tab.locator("#latent-browser li").first().waitFor()
const seen = performance.now() - start
const firstView = (await measured()).get("ThreadTime") ?? Number.NaN
await tab.waitForLoadState("load")
await tab.locator("#latent-browser .context").first().waitFor()
const whole = (await measured()).get("ThreadTime") ?? Number.NaN
process.stdout.write(
  `first view ${(seen / 1000).toFixed(2)} s of a clock, ${firstView.toFixed(2)} s of its thread's CPU time; with examples ${whole.toFixed(2)} s\n`
)

/** CPU seconds of the page's thread for what `act` does, and for all that it leaves to be drawn. */
const cpuOf = async (act: () => Promise<unknown>): Promise<number> => {
  const from = (await measured()).get("ThreadTime") ?? Number.NaN
  await act()
  await tab.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  return ((await measured()).get("ThreadTime") ?? Number.NaN) - from
}
const scrollFrom = (await measured()).get("ThreadTime") ?? Number.NaN
const scrolled = await tab.evaluate(async () => {
  const list = document.querySelector<HTMLElement>("#latent-browser ul")
  if (list === null) throw new Error("no list")
  document.querySelector("#latent-browser")?.scrollIntoView()
  const frames: Array<number> = []
  const from = performance.now()
  let last = from
  while (last - from < 3000) {
    list.scrollTop += 400
    await new Promise(requestAnimationFrame)
    frames.push(performance.now() - last)
    last = performance.now()
  }
  return {
    frames: frames.toSorted((a, b) => a - b),
    rows: list.children.length,
    end: list.scrollTop,
    height: list.scrollHeight
  }
})
const perSecond = (1000 * scrolled.frames.length) / scrolled.frames.reduce((sum, each) => sum + each, 0)
process.stdout.write(
  `scrolling ${scrolled.end} of ${scrolled.height} pixels at 400 a frame: ${perSecond.toFixed(0)} frames a second, median ${scrolled.frames[scrolled.frames.length >> 1]?.toFixed(1)} ms, 95 % ${scrolled.frames[Math.floor(0.95 * scrolled.frames.length)]?.toFixed(1)} ms; ${scrolled.rows} rows in the document\n`
)

const perFrame = (1000 * (((await measured()).get("ThreadTime") ?? Number.NaN) - scrollFrom)) / scrolled.frames.length
process.stdout.write(`${perFrame.toFixed(1)} ms of CPU time a frame: 60 a second have 16.7\n`)

const opened = await cpuOf(() => tab.locator("#latent-browser").getByRole("button", { name: "Map" }).click())
const canvas = tab.locator("canvas")
await canvas.scrollIntoViewIfNeeded()
const box = await canvas.boundingBox()
if (box === null) throw new Error("no map")
const moves = 50
const pointing = await cpuOf(async () => {
  for (let i = 0; i < moves; i++) await tab.mouse.move(box.x + box.width / 2 + 2 * i, box.y + box.height / 2)
})
const drawing = await cpuOf(async () => {
  await tab.mouse.down()
  for (const [x, y] of [
    [0, 60],
    [-120, 60],
    [-120, -60],
    [0, -60]
  ] as const) {
    await tab.mouse.move(box.x + box.width / 2 + x, box.y + box.height / 2 + y, { steps: 10 })
  }
  await tab.mouse.up()
})
const listed = await tab.locator("#latent-browser .count").textContent()
process.stdout.write(
  `the map: drawn in ${opened.toFixed(2)} s of CPU time, ${((1000 * pointing) / moves).toFixed(1)} ms a move of the pointer, an area in ${drawing.toFixed(2)} s (${listed})\n`
)
await tab.locator("#latent-browser").getByRole("button", { name: "Whole map" }).click()

const before = (await measured()).get("ThreadTime") ?? Number.NaN
await tab.locator("#latent-browser input").fill("w1abrd")
await tab.goto(`file://${file}#explore/0/77`)
await tab.locator("#explore-browser .meta").first().waitFor()
const asked = (await measured()).get("ThreadTime") ?? Number.NaN
await metrics.send("HeapProfiler.collectGarbage")
const total = memory()
process.stdout.write(
  `a search and the explorer: ${(asked - before).toFixed(2)} s of CPU time; memory ${(total / 1e6).toFixed(0)} MB, ${((total - empty) / 1e6).toFixed(0)} MB above an empty page\n`
)
await browser.close()
if (!(firstView <= 1 && total <= 300e6 && perFrame <= 1000 / 60)) process.exitCode = 1
