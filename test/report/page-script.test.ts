import * as fc from "fast-check"
import { JSDOM, VirtualConsole } from "jsdom"
import { describe, expect, it } from "vitest"
import { pageScript } from "../../src/report/browser/page-script.ts"
import { metaExplainer } from "../../src/report/browser/script/explain-meta-latent.ts"
import { areaOf, areaText, circle, isWithin, readArea } from "../../src/report/browser/script/area.ts"
import { exceedsNoise } from "../../src/report/browser/script/compare-saes.ts"
import { csvOf, jsonOf, tableRows } from "../../src/report/browser/script/table-rows.ts"
import { estimate } from "../../src/report/page/estimate.ts"
import { exact } from "../../src/report/page/exact.ts"
import { f1LowerBound } from "../../src/report/browser/script/f1-lower-bound.ts"
import { scienceReport } from "../../src/report/science-report.ts"
import { dashboard, tokenTexts } from "./sample-latents.ts"
import { sampleReport } from "./sample-report.ts"

const page = scienceReport(sampleReport())

/** Opens a page as a browser does: its script runs. What it throws fails the test. */
const opened = (hash = "", html = page) => {
  const console = new VirtualConsole()
  const errors: Array<unknown> = []
  console.on("jsdomError", (error) => errors.push(error))
  const scrolled: Array<string> = []
  const { window } = new JSDOM(html, {
    url: `https://example.org/report.html${hash}`,
    runScripts: "dangerously",
    virtualConsole: console,
    beforeParse: (made) => {
      made.Element.prototype.scrollIntoView = function (this: Element) {
        scrolled.push(this.id)
      }
      made.matchMedia = () => ({ matches: false }) as MediaQueryList
      // Nothing has a width here; `page-in-chromium.test.ts` fits tables to theirs.
      made.ResizeObserver = class {
        observe() {}
        unobserve() {}
        disconnect() {}
      }
    }
  })
  expect(errors).toEqual([])
  const { document } = window
  const find = <E extends Element>(selector: string, within: ParentNode = document): E => {
    const node = within.querySelector<E>(selector)
    if (node === null) throw new Error(`${selector} is not in the page`)
    return node
  }
  const part = (id: string) => {
    const place = find<HTMLElement>(`#${id}`)
    const list = find<HTMLUListElement>("ul", place)
    return {
      place,
      list,
      search: find<HTMLInputElement>("input", place),
      selects: [...place.querySelectorAll("select")],
      detail: find<HTMLElement>(".detail", place),
      names: () => [...list.children].map((item) => item.children[0]?.textContent)
    }
  }
  const press = (node: Element, key: string) =>
    node.dispatchEvent(new window.KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }))
  const type = (input: HTMLInputElement, text: string) => {
    input.value = text
    input.dispatchEvent(new window.Event("input"))
  }
  const choose = (select: HTMLSelectElement | undefined, value: string) => {
    if (select === undefined) throw new Error("no such select")
    select.value = value
    select.dispatchEvent(new window.Event("change"))
  }
  return { window, document, scrolled, find, part, press, type, choose }
}

describe("downloads of the page's tables", () => {
  it("give numbers with all their digits, ends of intervals as columns, and nothing for what is not there", () => {
    const { window } = new JSDOM(
      `<table><thead><tr><th>SAE</th><th>EV</th><th>F1</th></tr></thead><tbody>
      <tr><th>a, "b"</th><td>${estimate(0.123456789, { low: 0.1, high: 0.25 }, (x) => x.toFixed(2), "rows").markup}</td><td>–</td></tr>
      <tr><th>c</th><td>${exact(2, String).markup}</td><td>${exact(0.5, String).markup}<i>${exact(0.0625, String, "control").markup}</i></td></tr>
      </tbody></table>`
    )
    const table = window.document.querySelector("table")
    if (table === null) throw new Error("no table")
    const rows = tableRows(table)
    expect(csvOf(rows)).toBe(
      'SAE,EV,"EV, low","EV, high",F1,"F1, control"\r\n"a, ""b""",0.123456789,0.1,0.25,,\r\nc,2,,,0.5,0.0625\r\n'
    )
    expect(JSON.parse(jsonOf(rows))).toEqual([
      { SAE: 'a, "b"', EV: 0.123456789, "EV, low": 0.1, "EV, high": 0.25, F1: null, "F1, control": null },
      { SAE: "c", EV: 2, "EV, low": null, "EV, high": null, F1: 0.5, "F1, control": 0.0625 }
    ])
  })

  it("are offered for every table of the page, and not for those that change with what is chosen", () => {
    const { document } = opened()
    const own = document.querySelectorAll("section .scroll > table").length
    const browsed = document.querySelectorAll(".browser .scroll > table").length
    expect(browsed).toBeGreaterThan(0)
    expect(document.querySelectorAll(".downloads")).toHaveLength(own - browsed)
  })
})

describe("what columns mean", () => {
  it("stands below every table whose heads have titles, each head by its name, and below no other", () => {
    const { document } = opened()
    // Not those of the browsers: they change with what is chosen.
    const tables = [...document.querySelectorAll("section .scroll[role=region] > table")].filter(
      (table) => table.closest(".detail") === null
    )
    const titled = (table: Element) => [...table.querySelectorAll<HTMLElement>("thead th[title]")]
    expect(tables.some((table) => titled(table).length > 1)).toBe(true)
    expect(tables.some((table) => titled(table).length === 0)).toBe(true)
    for (const table of tables) {
      // Buttons that save the table, and what is said of it, may stand between.
      let told = table.parentElement?.nextElementSibling
      while (told && !told.matches("details.columns, .scroll, h2, h3")) told = told.nextElementSibling
      const terms = told?.matches("details.columns") === true ? [...told.querySelectorAll("dt")] : []
      expect(terms.map((term) => [term.textContent, term.nextElementSibling?.textContent])).toEqual(
        titled(table).map(({ textContent, title }) => [textContent?.trim(), title])
      )
    }
    const count = tables.filter((table) => titled(table).length > 0).length
    expect(document.querySelectorAll("details.columns").length).toBe(count)
  })

  it("is shown as text, whatever it holds, and of a title that is empty nothing is told", () => {
    const html = page.replace(
      "</main>",
      `<section><div class="scroll" role="region"><table><thead><tr><th title="a &lt;b&gt; &amp; c"> <i>One</i> </th><th title="">Two</th></tr></thead></table></div></section></main>`
    )
    expect(html).not.toBe(page)
    const { document } = opened("", html)
    const last = [...document.querySelectorAll("details.columns")].at(-1)
    expect([...(last?.querySelectorAll("dt, dd") ?? [])].map(({ innerHTML }) => innerHTML)).toEqual([
      "One",
      "a &lt;b&gt; &amp; c"
    ])
  })
})

describe("an area drawn on a map", () => {
  it("holds what is inside a circle and nothing outside, and is the same in an address", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(share, share, fc.double({ min: 0.05, max: 0.4, noNaN: true }), share, share, (x, y, radius, u, v) => {
        const area = circle({ x, y }, radius)
        expect(readArea(areaText(area))).toEqual(area)
        const distance = Math.hypot(u - x, v - y)
        // A polygon of 24 corners, each in thousandths: between the circle and 1 % within it, either may be.
        if (distance < 0.98 * radius - 0.002) expect(isWithin(area, { x: u, y: v })).toBe(true)
        if (distance > radius + 0.002) expect(isWithin(area, { x: u, y: v })).toBe(false)
      })
    )
    const notch = [
      { x: 0, y: 0 },
      { x: 1, y: 0 },
      { x: 1, y: 1 },
      { x: 0.5, y: 0.2 },
      { x: 0, y: 1 }
    ]
    expect([0.9, 0.1].map((y) => isWithin(areaOf(notch), { x: 0.5, y }))).toEqual([false, true])
    expect(["", "1.2_3.4", "1.2_3.4_x.5", "1.2_3.4_5"].map(readArea)).toEqual(Array(4).fill(undefined))
  })
})

describe("two SAEs side by side", () => {
  it("are told by every metric that both have, with what exceeds its noise", () => {
    const { document, choose } = opened()
    const place = document.getElementById("compare-saes")
    const texts = () =>
      [...(place?.querySelectorAll("tbody tr") ?? [])].map(({ children }) =>
        [...children].map((cell) => cell.textContent)
      )
    expect(texts()).toContainEqual(["explained_variance", "0.813", "0.938", "+0.125", "–"])
    choose(place?.querySelectorAll("select")[1], "0")
    expect(texts()).toContainEqual(["explained_variance", "0.813", "0.813", "0", "–"])
    const at = (value: number, half: number) => ({ value, ends: { low: value - half, high: value + half } })
    expect(exceedsNoise(at(0.5, 0.03), at(0.55, 0.03))).toBe(true)
    expect(exceedsNoise(at(0.5, 0.04), at(0.55, 0.04))).toBe(false)
    expect(exceedsNoise(at(0.5, 0.04), { value: 1, ends: undefined })).toBeUndefined()
  })
})

describe("the script of the report, in a document of its own", () => {
  it("lists the latents of the first SAE, the best explained first, and shows the first", () => {
    const { names, detail, list } = opened().part("latent-browser")
    expect(names()).toEqual(["1", "8", "15"])
    expect(detail.textContent).toContain("Latent 1")
    expect(detail.textContent).toContain("30 found, 10 false, 10 missed on held-out rows")
    expect(list.getAttribute("aria-activedescendant")).toBe(list.children[0]?.id)
  })

  it("shows tokens of the data as text, marked by activation", () => {
    const { detail } = opened().part("latent-browser")
    const marked = detail.querySelector<HTMLElement>(".t.pivot")
    expect(marked?.textContent).toBe("</script>")
    expect(marked?.style.getPropertyValue("--a")).toBe("1.000")
    expect(detail.textContent).toContain(" the↵</script> <b>&\"'")
    expect(detail.querySelector("b, script")).toBeNull()
  })

  it("moves with the keys, and stops at the ends", () => {
    const { part, press } = opened()
    const { list, detail } = part("latent-browser")
    press(list, "ArrowDown")
    expect(detail.textContent).toContain("Latent 8")
    press(list, "End")
    expect(detail.textContent).toContain("Latent 15")
    expect(detail.textContent).toContain("Not scored")
    press(list, "ArrowDown")
    expect(detail.textContent).toContain("Latent 15")
    press(list, "Home")
    expect(detail.textContent).toContain("Latent 1")
    expect([...list.children].map((item) => item.getAttribute("aria-selected"))).toEqual(["true", "false", "false"])
  })

  it("searches explanations, and says when nothing matches", () => {
    const { part, type, press } = opened()
    const { search, names, detail, place } = part("latent-browser")
    type(search, "cat (1)")
    expect(names()).toEqual(["8"])
    expect(place.textContent).toContain("1 of 3 latents")
    type(search, "zebra")
    expect(names()).toEqual([])
    expect(detail.textContent).toBe("Nothing matches.")
    press(search, "Escape")
    expect(names()).toEqual(["1", "8", "15"])
  })

  it("goes to the search by its key, but not while somebody types", () => {
    const { part, press, document } = opened()
    const { search } = part("latent-browser")
    expect(press(document.body, "/")).toBe(false)
    expect(document.activeElement).toBe(search)
    expect(press(search, "/")).toBe(true)
  })

  it("changes the order and the SAE", () => {
    const { part, choose } = opened()
    const { selects, names, detail } = part("latent-browser")
    const [sae, order] = selects
    choose(order, "2")
    expect(names()).toEqual(["15", "8", "1"])
    choose(sae, "1")
    expect(detail.textContent).toContain("Reconstruction: added alone to the small SAE")
  })

  it("names what a person chose in the address, and opens there again", () => {
    const { part, press, window } = opened()
    press(part("latent-browser").list, "ArrowDown")
    expect(window.location.hash).toBe("#latent/0/8")
    const again = opened(window.location.hash)
    expect(again.part("latent-browser").detail.textContent).toContain("Latent 8")
    expect(again.scrolled).toEqual(["latent-browser"])
  })

  it("names a search, an order and another SAE in the address, and opens with them again", () => {
    const { part, type, choose, window } = opened()
    const { selects, search } = part("latent-browser")
    choose(selects[0], "1")
    choose(selects[1], "2")
    type(search, "(1)")
    expect(window.location.hash).toBe("#latent/1/8?q=%281%29&order=2")
    const again = opened(window.location.hash).part("latent-browser")
    expect(again.names()).toEqual(["8"])
    expect(again.selects.map(({ value }) => value)).toEqual(["1", "2", ""])
  })

  it("saves two SAEs side by side as numbers, with the ends of their intervals", () => {
    const sample = sampleReport()
    const evaluations = sample.evaluations.map(({ at, value }) => {
      const { metrics } = value
      return { at, value: { ...value, metrics: { ...metrics, l0: 16.125, l0_low: 15.0625, l0_high: 17.5 } } }
    })
    const { find } = opened("", scienceReport({ ...sample, evaluations }))
    const table = tableRows(find<HTMLTableElement>("#compare-saes table"))
    const [first = "", low, high, second = ""] = table.columns.slice(1)
    expect([low, high]).toEqual([`${first}, low`, `${first}, high`])
    const at = (row: (typeof table.rows)[number], name: string) => row[table.columns.indexOf(name)]
    for (const row of table.rows) {
      expect([typeof at(row, first), typeof at(row, second)]).toEqual(["number", "number"])
      expect(at(row, "Difference")).toBeCloseTo(Number(at(row, second)) - Number(at(row, first)), 12)
    }
    expect(table.rows.find(([name]) => name === "l0")?.slice(1, 4)).toEqual([16.125, 15.0625, 17.5])
  })

  it("names the SAEs that are set side by side in the address, and opens with them", () => {
    const { window, find, choose } = opened()
    const place = find("#compare-saes")
    const [first] = place.querySelectorAll("select")
    choose(first, "1")
    expect(window.location.hash).toBe("#compare/1/1")
    const again = opened("#compare/1/0")
    const selects = [...again.find("#compare-saes").querySelectorAll("select")]
    expect(selects.map(({ value }) => value)).toEqual(["1", "0"])
    expect(again.scrolled).toContain("compare-saes")
    expect(opened("#compare/1/7").find<HTMLSelectElement>("#compare-saes select").value).toBe("0")
  })

  it("lists parts of the latents alone: by explanation, stitching and absorption, and names them in the address", () => {
    const { window, part, choose } = opened("#latent/1/8")
    const { place, names, detail } = part("latent-browser")
    const only = place.querySelector<HTMLSelectElement>("[aria-label='Which are shown']")
    const keys = [...(only?.options ?? [])].map(({ value }) => value)
    const all = names()
    const sample = sampleReport()
    const deltas = sample.stitchings[0]?.value.latents.delta_mse ?? []
    const novel = all.filter((id) => (deltas[Number(id)] ?? 0) < 0)
    expect(keys).toEqual([
      "",
      "explained",
      ...(novel.length > 0 ? ["novel"] : []),
      "reconstruction",
      ...keys.slice(novel.length > 0 ? 4 : 3)
    ])
    choose(only ?? undefined, "reconstruction")
    expect(names()).toEqual(all.filter((id) => !novel.includes(id)))
    expect(window.location.hash).toContain("only=reconstruction")
    const again = opened(window.location.hash).part("latent-browser")
    expect(again.names()).toEqual(names())
    expect(detail.textContent).toContain("Reconstruction")
  })

  it("shows the values of all tokens without a mouse", () => {
    const { find, part } = opened()
    const { detail } = part("latent-browser")
    find<HTMLButtonElement>("button:not([hidden])", detail).click()
    expect(detail.classList.contains("values")).toBe(true)
    expect([...detail.querySelectorAll<HTMLElement>(".t")].map(({ dataset }) => dataset["value"])).toContain("12.50")
  })

  it("covers slurs, also one that is several tokens, until they are asked for", () => {
    const sample = sampleReport()
    const texts = { ...tokenTexts, "1": " whor", "2": "es", "6": " Sluts" }
    const [first, ...rest] = sample.interpretations.map((each) => ({
      ...each,
      value: { ...each.value, token_texts: texts }
    }))
    const html = scienceReport({
      ...sample,
      interpretations: [
        {
          at: first?.at ?? {},
          value: {
            ...(first as NonNullable<typeof first>).value,
            latents: (first as NonNullable<typeof first>).value.latents.map((latent) => ({
              ...latent,
              top: [{ position: 5, pivot: 1, tokens: [3, 1, 2, 6, 4], activations: [0, 12.5, 0, 3, 0] }]
            }))
          }
        },
        ...rest
      ]
    })
    const { find, part } = opened("", html)
    const shown = () => part("latent-browser").detail.querySelector(".context")?.textContent
    expect(shown()).toContain("↵ •••••• •••••</script>")
    find<HTMLButtonElement>(".uncover").click()
    expect(shown()).toContain("↵ whores Sluts</script>")
  })

  it("lists, finds and shows latents without an explanation, of which it says nothing of a score", () => {
    const sample = sampleReport()
    const only = {
      ...sample,
      interpretations: [],
      dashboards: sample.saes.slice(0, 1).map(({ value }) => dashboard(value.d_sae, value.digest))
    }
    const { part, type } = opened("", scienceReport(only))
    const { detail, names, search } = part("latent-browser")
    expect(names()).toEqual(["5", "9"])
    type(search, "9")
    expect(names()).toEqual(["9"])
    type(search, "fires cow promotes the")
    expect(names()).toContain("9")
    expect(detail.textContent).toContain("Latent 9")
    expect(detail.textContent).not.toContain("cored")
  })

  it("opens on an SAE with explanations where there is one", () => {
    const sample = sampleReport()
    const [first] = sample.saes
    if (first === undefined) throw new Error("the sample has no SAE")
    const others = sample.interpretations.filter(({ value }) => value.sae.digest !== first.value.digest)
    const dashboards = [dashboard(first.value.d_sae, first.value.digest)]
    const { part } = opened("", scienceReport({ ...sample, interpretations: others, dashboards }))
    expect(others.length).toBeGreaterThan(0)
    expect(part("latent-browser").detail.textContent).toContain("Score of the explanation")
  })

  it("offers to uncover a word that only an example of the dashboard shows, split over tokens", async () => {
    const sample = sampleReport()
    const of = (texts: typeof tokenTexts) => ({
      ...sample,
      interpretations: [],
      dashboards: sample.saes.slice(0, 1).map(({ value }) => dashboard(value.d_sae, value.digest, texts))
    })
    const plain = opened("", scienceReport(of(tokenTexts)))
    expect(plain.document.querySelector(".uncover")).toBeNull()
    const split = opened("", scienceReport(of({ ...tokenTexts, "2": "", "1": " who", "6": "res" })))
    expect(split.document.querySelector(".uncover")).toBeNull()
    const joined = opened("", scienceReport(of({ ...tokenTexts, "1": " who", "2": "res" })))
    // Examples stand after the script in the page.
    await new Promise((resolve) => joined.window.addEventListener("DOMContentLoaded", resolve))
    expect(joined.part("latent-browser").detail.textContent).toContain("••••••")
    joined.find<HTMLButtonElement>(".uncover").click()
    expect(joined.part("latent-browser").detail.textContent).toContain("whores")
  })

  it("leads from a latent to those that a step of a stitching swaps it for, and back", async () => {
    const { window, part } = opened("#latent/1/8")
    const { detail, names } = part("latent-browser")
    const linked = () => [...detail.querySelectorAll("a[href^='#latent/']")].map((link) => link.getAttribute("href"))
    expect(detail.textContent).toContain("It goes in with step 8 of 10, a swap.")
    expect(linked()).toEqual(expect.arrayContaining(["#latent/0/3", "#latent/0/5"]))
    window.location.hash = "#latent/1?q=step0.8."
    await new Promise((resolve) => window.addEventListener("hashchange", resolve))
    expect(names()).toEqual(["8"])
  })

  it("shows the whole context of an example and takes it back, where the page has the text", async () => {
    const sample = sampleReport()
    const { digest } = sample.saes[0]!.value
    const page = scienceReport({ ...sample, interpretations: [], dashboards: [dashboard(64, digest)] })
    const { window, part, find } = opened("", page)
    await new Promise((resolve) => window.addEventListener("DOMContentLoaded", resolve))
    const { detail, names } = part("latent-browser")
    const shown = () => detail.querySelector(".context > span:last-child")?.textContent
    expect(names()[0]).toBe("5")
    // Words that the window may have cut are left out.
    expect(shown()).toBe(" the cat")
    const more = find<HTMLButtonElement>("button.strength", detail)
    more.click()
    expect(shown()).toBe(" cow the cat the↵ cow cat")
    expect(detail.querySelectorAll(".around").length).toBe(2)
    more.click()
    expect(shown()).toBe(" the cat")
    window.location.hash = "#latent/0/9"
    await new Promise((resolve) => window.addEventListener("hashchange", resolve))
    expect(detail.textContent).toContain("Latent 9")
    // What stands there in the text is another thing than its example.
    expect(detail.querySelector("button.strength")).toBeNull()
  })

  it("ranks an explanation by what its F1 is at least: few firings do not outrank many", () => {
    expect(f1LowerBound(3, 0, 0)).toBeLessThan(f1LowerBound(300, 10, 10))
    // Wilson's lower end of 9 of 10 at 95 % is 0.5958 (Brown, Cai & DasGupta 2001, eq. 4): F1 = 2 J / (1 + J).
    expect(f1LowerBound(9, 1, 0)).toBeCloseTo((2 * 0.5958) / 1.5958, 4)
    expect(f1LowerBound(0, 0, 0)).toBe(0)
  })

  it("links latents to their meta-latents, these to all latents that they are part of, and back", async () => {
    const { part, window, document } = opened("#latent/1/8")
    const links = (id: string) => [...part(id).detail.querySelectorAll("a")].map((link) => link.getAttribute("href"))
    const follow = async (hash: string) => {
      const followed = new Promise((resolve) => window.addEventListener("hashchange", resolve, { once: true }))
      window.location.hash = hash
      await followed
    }
    expect(links("latent-browser").filter((link) => !link?.startsWith("#latent/"))).toEqual([
      "#meta/0/8",
      "#meta/0/9",
      "#explore/0/8"
    ])
    await follow("#explore/0/8")
    expect(document.body.classList.contains("exploring")).toBe(true)
    const { detail } = part("explore-browser")
    expect(detail.textContent).toContain("2 meta-latents")
    // Of 256 latents with two of 64 meta-latents each, latents 7 and 8, 71 and 72, ... have meta-latent 8.
    expect(links("explore-browser")).toEqual(
      expect.arrayContaining(["#meta/0/8", "#meta/0/9", "#explore/0/72", "#latent/1/8"])
    )
    expect([...detail.querySelectorAll(".scroll tbody td:first-child")].map((cell) => cell.textContent)).toEqual([
      "72",
      "136",
      "200",
      "7",
      "9",
      "71",
      "73",
      "135",
      "137",
      "199",
      "201"
    ])
    await follow("#meta/0/8")
    expect(part("meta-browser").detail.textContent).toContain("Part of 8 latents, of which 1 can be looked at here")
    expect(part("meta-browser").detail.textContent).toContain("not in the sample")
    expect(links("meta-browser")).toEqual(
      ["8", "72", "136", "200", "7", "71", "135", "199"].map((id) => `#explore/0/${id}`)
    )
    await follow("#meta-latents")
    expect(document.body.classList.contains("exploring")).toBe(false)
  })

  it("tells what a meta-latent stands for by the words that several of its latents have, and few others", () => {
    const listed = [
      ["1", "2"],
      ["1", "3"],
      ["1", "4"],
      ["4", "5"],
      ["4", "6"]
    ].map((tokens, id) => ({ id, fires: tokens.map(Number), promotes: [] }))
    const texts = { "1": " Cat", "2": "cat", "3": " the", "4": " sea", "5": " cow", "6": " hen" }
    const explain = metaExplainer(listed, texts)
    expect(explain([0, 1, 3].map((id) => [id, 0.5]))).toEqual({ fires: [{ text: "cat", latents: 2 }], promotes: [] })
    expect(
      explain([
        [3, 0.5],
        [4, 0.5],
        [2, 0.1]
      ]).fires
    ).toEqual([{ text: "sea", latents: 3 }])
    expect(explain([[99, 0.5]])).toEqual({ fires: [], promotes: [] })
  })

  it("goes nowhere by an address that names nothing", () => {
    for (const hash of ["#latent/9/1", "#latent/0/999", "#latent/x/1", "#summary"]) {
      expect(opened(hash).scrolled).toEqual([])
    }
  })

  it("lets the keyboard reach every part that scrolls", () => {
    for (const [id, hash] of [
      ["latent-browser", ""],
      ["explore-browser", "#explore/0/8"],
      ["meta-browser", "#meta/0/8"]
    ] as const) {
      const { place } = opened(hash).part(id)
      for (const region of place.querySelectorAll(".side ul, .detail, .scroll")) {
        expect(region.getAttribute("tabindex")).toBe("0")
        expect(region.getAttribute("aria-label")).not.toBeNull()
      }
    }
  })

  it("switches between light and dark", () => {
    const { find, document } = opened()
    const theme = find<HTMLElement>("#theme")
    theme.click()
    expect(document.documentElement.dataset["theme"]).toBe("dark")
    theme.click()
    expect(document.documentElement.dataset["theme"]).toBe("light")
  })

  it("does without browsers that the page does not have", () => {
    const html = page.replaceAll(/id="(latent|explore|meta)-browser"/g, "")
    expect(() => opened("#latent/0/1", html)).not.toThrow()
  })

  it("is one text that ends no script element, the same each time", () => {
    expect(pageScript()).toBe(pageScript())
    expect(pageScript()).not.toMatch(/<\/script/i)
  })
})
