/**
 * The page's script: lists on the left, details on the right, for latents and for meta-latents. It makes nodes, never
 * markup, so that no text of the data is read as HTML.
 */
export const browserScript = String.raw`"use strict"
;(() => {
const data = JSON.parse(document.getElementById("data").textContent)
const el = (tag, attributes, ...children) => {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue
    if (name === "on") for (const [event, listen] of Object.entries(value)) node.addEventListener(event, listen)
    else if (name.startsWith("--")) node.style.setProperty(name, value)
    else node.setAttribute(name, value)
  }
  node.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null))
  return node
}
const number = (value) => {
  const size = Math.abs(value)
  if (Number.isInteger(value)) return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",")
  if (size < 1e-3) return value.toExponential(1)
  return value.toFixed(size < 10 ? 3 : size < 100 ? 2 : 1)
}
const percent = (share) => (100 * share).toFixed(share !== 0 && share < 0.1 ? 2 : 1) + " %"

// Theme
const root = document.documentElement
document.getElementById("theme").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches
  root.dataset.theme = dark ? "light" : "dark"
})

// A list with search, order and details. Keys: arrows, Home, End, PageUp, PageDown in the list; Enter or ArrowDown leaves the search.
const pageSize = 250
const browser = ({ place, name, groups, orders, describe, detail, haystack, chosen }) => {
  let group = groups.findIndex(({ items }) => items.length > 0)
  if (group < 0) group = 0
  let found = []
  let shown = 0
  let current = -1
  const optionId = (i) => place.id + "-" + i
  const search = el("input", { type: "search", placeholder: "Search " + name, "aria-label": "Search " + name })
  const select = el("select", { "aria-label": "SAE", class: orders.length > 1 ? undefined : "wide" }, groups.map(({ label, items }, i) => el("option", { value: i, disabled: items.length === 0 ? "" : undefined }, label)))
  const order = el("select", { "aria-label": "Order", class: groups.length > 1 ? undefined : "wide" }, orders.map(({ label }, i) => el("option", { value: i }, label)))
  const count = el("div", { class: "count", role: "status" })
  const list = el("ul", { role: "listbox", tabindex: "0", "aria-label": name })
  const more = el("button", { type: "button", class: "more" }, "Show more")
  const side = el("div", { class: "side" }, el("div", { class: "controls" }, search, groups.length > 1 ? select : undefined, orders.length > 1 ? order : undefined, count), list, more)
  const pane = el("div", { class: "detail", tabindex: "-1", "aria-live": "polite" })
  place.append(side, pane)

  const draw = (upTo) => {
    for (; shown < Math.min(upTo, found.length); shown++) {
      const i = shown
      const { id, value, what } = describe(found[i], groups[group])
      list.append(el("li", { role: "option", id: optionId(i), "aria-selected": "false", on: { click: () => { pick(i); list.focus({ preventScroll: true }) } } },
        el("span", { class: "id" }, id), el("span", { class: "value" }, value), el("span", { class: "what" }, what)))
    }
    more.hidden = shown >= found.length
  }
  const pick = (i) => {
    if (i < 0 || i >= found.length) return
    if (i >= shown) draw(i + pageSize)
    if (current >= 0 && list.children[current]) list.children[current].setAttribute("aria-selected", "false")
    current = i
    const option = list.children[i]
    option.setAttribute("aria-selected", "true")
    list.setAttribute("aria-activedescendant", option.id)
    const box = list.getBoundingClientRect()
    const place = option.getBoundingClientRect()
    if (place.top < box.top) list.scrollTop -= box.top - place.top
    else if (place.bottom > box.bottom) list.scrollTop += place.bottom - box.bottom
    pane.replaceChildren(...detail(found[i], groups[group], group))
    pane.scrollTop = 0
    if (chosen) chosen(group, found[i])
  }
  const refresh = () => {
    const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean)
    const { items } = groups[group]
    found = items.filter((item) => words.every((word) => haystack(item, groups[group]).includes(word)))
    found = found.slice().sort(orders[Number(order.value) || 0].compare)
    list.replaceChildren()
    shown = 0
    current = -1
    count.textContent = found.length === items.length ? number(items.length) + " " + name : number(found.length) + " of " + number(items.length) + " " + name
    draw(pageSize)
    if (found.length > 0) pick(0)
    else pane.replaceChildren(el("p", { class: "empty" }, "Nothing matches."))
  }
  search.addEventListener("input", refresh)
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "Enter") { event.preventDefault(); list.focus() }
    if (event.key === "Escape") { search.value = ""; refresh() }
  })
  order.addEventListener("change", refresh)
  select.addEventListener("change", () => { group = Number(select.value); refresh() })
  more.addEventListener("click", () => draw(shown + pageSize))
  list.addEventListener("keydown", (event) => {
    const to = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: found.length - 1, PageDown: Math.min(found.length - 1, current + 8), PageUp: Math.max(0, current - 8) }[event.key]
    if (to === undefined) return
    event.preventDefault()
    pick(to)
  })
  select.value = String(group)
  refresh()
  return {
    focusSearch: () => search.focus(),
    show: (toGroup, matches) => {
      if (!groups[toGroup]) return false
      search.value = ""
      group = toGroup
      select.value = String(group)
      refresh()
      const i = found.findIndex(matches)
      if (i < 0) return false
      pick(i)
      return true
    }
  }
}

const tokenText = (texts, id) => (texts[id] === undefined ? "#" + id : texts[id])
const visible = (text) => text.replace(/\n/g, "↵").replace(/\t/g, "⇥")
const chip = (texts, id) => id === -1 ? el("span", { class: "any", title: "any token" }, "…") : el("span", { class: "chip" }, visible(tokenText(texts, id)).replace(/ /g, "·"))
const example = (texts, max, [position, pivot, tokens, activations]) =>
  el("div", { class: "context" }, el("span", { class: "strength", title: "activation at the marked token" }, number(activations[pivot])),
    el("span", {}, tokens.map((id, i) => {
      const text = visible(tokenText(texts, id))
      if (activations[i] === 0 && i !== pivot) return text
      return el("span", { class: i === pivot ? "t pivot" : "t", "--a": (activations[i] / max).toFixed(3), title: number(activations[i]) }, text)
    })))
const compareBar = (label, share, other) => [
  el("span", {}, label), el("span", { class: "track" }, el("div", { class: other ? "fill other" : "fill", "--w": share.toFixed(4) })), el("span", {}, number(share))
]
const latentHref = (subject, latent) => "#latent/" + subject + "/" + latent
const metaHref = (meta, id) => "#meta/" + meta + "/" + id

// Latents
const latentPlace = document.getElementById("latent-browser")
const metaPlace = document.getElementById("meta-browser")
const latentOf = data.subjects.map(({ latents }) => new Map(latents.map((latent) => [latent.id, latent])))
let latents
if (latentPlace) {
  const haystacks = new WeakMap()
  const f1 = (latent) => (latent.score === null ? -1 : latent.score[0])
  const weights = (texts, title, rows) => el("div", {}, el("h4", {}, title), el("table", { class: "weights" }, el("tbody", {}, rows.map(([id, weight]) =>
    el("tr", {}, el("td", {}, chip(texts, id)), el("td", {}, number(weight)))))))
  const detail = (latent, subject, index) => {
    const { texts } = subject
    const nodes = [el("h3", {}, "Latent " + latent.id, el("span", { class: "value" }, "")), el("p", { class: "explanation" }, latent.text)]
    if (latent.score === null) nodes.push(el("p", { class: "empty" }, "Not scored: it does not fire above the threshold on held-out text."))
    else {
      const [score, shuffled, precision, recall, balanced, tp, fp, fn] = latent.score
      nodes.push(el("div", { class: "compare" }, compareBar("F1", score), compareBar("shuffled F1", shuffled, true), compareBar("precision", precision), compareBar("recall", recall), compareBar("balanced accuracy", balanced)),
        el("p", { class: "note" }, number(tp) + " found, " + number(fp) + " false, " + number(fn) + " missed on held-out rows"))
    }
    nodes.push(el("h4", {}, "Activations"), el("div", { class: "spark", role: "img", "aria-label": "Histogram of activations" }, latent.histogram.map((count, i) =>
      el("i", { "--h": (Math.log1p(count) / Math.log1p(Math.max(1, ...latent.histogram))).toFixed(3), title: number((latent.max * i) / latent.histogram.length) + " to " + number((latent.max * (i + 1)) / latent.histogram.length) + ": " + number(count) + " rows" }))),
      el("p", { class: "note" }, "Fires on " + percent(latent.density) + " of the rows, at most " + number(latent.max) + "; bars count rows on a log scale."))
    if (latent.patterns.length > 0) nodes.push(el("h4", {}, "Patterns"), el("div", { class: "scroll" }, el("table", {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Pattern"), el("th", { scope: "col", title: "predicted activation, as a share of the maximum" }, "Activation"), el("th", { scope: "col", title: "training positions that it matches" }, "Matches"), el("th", { scope: "col", title: "share of these on which the latent fires" }, "Precision"))),
      el("tbody", {}, latent.patterns.map(([tokens, activation, matches, hits]) => el("tr", {}, el("td", {}, tokens.map((id) => chip(texts, id))), el("td", {}, number(activation)), el("td", {}, number(matches)), el("td", {}, number(hits))))))),
      latent.more > 0 ? el("p", { class: "note" }, number(latent.more) + " more") : undefined)
    if (latent.stitch) {
      const [delta, cosine, nearest] = latent.stitch
      nodes.push(el("h4", {}, "Stitching"), el("p", {}, (delta < 0 ? "Novel" : "Reconstruction") + ": added alone to the small SAE it changes the mean squared error by " + number(delta) + "; nearest there is latent " + nearest + " (cosine " + number(cosine) + ")."))
    }
    data.metas.forEach((meta, m) => {
      const own = meta.base === index ? meta.of[latent.id] : undefined
      if (own && own.length > 0) nodes.push(el("h4", {}, "Meta-latents"), el("p", {}, own.map(([id, activation], i) => [i > 0 ? ", " : "", el("a", { href: metaHref(m, id) }, String(id)), " (" + number(activation) + ")"])))
    })
    nodes.push(el("h4", {}, "Strongest activations"), el("div", {}, latent.top.map((item) => example(texts, latent.max, item))))
    for (const [low, high, items] of latent.bands) {
      if (items.length > 0) nodes.push(el("h4", {}, "Activations from " + percent(low) + " to " + percent(high) + " of the maximum"), el("div", {}, items.map((item) => example(texts, latent.max, item))))
    }
    if (latent.promoted.length > 0) nodes.push(el("div", { class: "two" }, weights(texts, "Promoted tokens", latent.promoted), weights(texts, "Suppressed tokens", latent.suppressed)))
    return nodes.filter(Boolean)
  }
  latents = browser({
    place: latentPlace,
    name: "latents",
    groups: data.subjects.map((subject) => ({ ...subject, items: subject.latents })),
    orders: [
      { label: "Best explained first", compare: (a, b) => f1(b) - f1(a) || a.id - b.id },
      { label: "Worst explained first", compare: (a, b) => f1(a) - f1(b) || a.id - b.id },
      { label: "Most frequent first", compare: (a, b) => b.density - a.density || a.id - b.id },
      { label: "Rarest first", compare: (a, b) => a.density - b.density || a.id - b.id },
      { label: "Strongest first", compare: (a, b) => b.max - a.max || a.id - b.id },
      { label: "By number", compare: (a, b) => a.id - b.id }
    ],
    describe: (latent) => ({ id: String(latent.id), value: latent.score === null ? "not scored" : "F1 " + latent.score[0].toFixed(2), what: latent.text }),
    detail,
    haystack: (latent, { texts }) => {
      let text = haystacks.get(latent)
      if (text === undefined) {
        text = [latent.id, latent.text, ...latent.top.map(([, , tokens]) => tokens.map((id) => tokenText(texts, id)).join("")), ...latent.promoted.map(([id]) => tokenText(texts, id))].join("\n").toLowerCase()
        haystacks.set(latent, text)
      }
      return text
    }
  })
}

// Meta-latents
let metas
if (metaPlace) {
  const explanation = (meta, id) => (meta.base < 0 ? undefined : latentOf[meta.base].get(id))
  const summary = (meta, ids) => {
    const known = ids.map((id) => explanation(meta, id)).filter(Boolean)
    return known.length > 0 ? known.slice(0, 2).map(({ text }) => text).join(" / ") : "latents " + ids.slice(0, 6).join(", ")
  }
  metas = browser({
    place: metaPlace,
    name: "meta-latents",
    groups: data.metas.map((meta) => ({ ...meta, items: meta.metas })),
    orders: [
      { label: "Most latents first", compare: (a, b) => b[1] - a[1] || a[0] - b[0] },
      { label: "Fewest latents first", compare: (a, b) => a[1] - b[1] || a[0] - b[0] },
      { label: "By number", compare: (a, b) => a[0] - b[0] }
    ],
    describe: ([id, count, ids], meta) => ({ id: String(id), value: number(count) + (count === 1 ? " latent" : " latents"), what: summary(meta, ids) }),
    detail: ([id, count, ids, activations], meta) => [
      el("h3", {}, "Meta-latent " + id),
      el("p", { class: "note" }, "Part of " + number(count) + " latents" + (ids.length < count ? "; the " + number(ids.length) + " strongest:" : ":")),
      el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Latent"), el("th", { scope: "col" }, "Activation"), el("th", { scope: "col", class: "text" }, "Explanation"))),
        el("tbody", {}, ids.map((latent, i) => {
          const known = explanation(meta, latent)
          return el("tr", {}, el("td", {}, known ? el("a", { href: latentHref(meta.base, latent) }, String(latent)) : String(latent)), el("td", {}, number(activations[i])), el("td", { class: "text" }, known ? known.text : el("span", { class: "empty" }, "not in the sample")))
        }))))
    ],
    haystack: ([id, , ids], meta) => [id, ...ids.map((latent) => latent + " " + (explanation(meta, latent)?.text ?? ""))].join("\n").toLowerCase()
  })
}

// Links to one latent or meta-latent, and the search key.
const follow = () => {
  const [what, group, id] = location.hash.slice(1).split("/")
  const target = what === "latent" ? latents : what === "meta" ? metas : undefined
  if (!target) return
  const matches = what === "latent" ? (latent) => latent.id === Number(id) : (meta) => meta[0] === Number(id)
  if (target.show(Number(group), matches)) (what === "latent" ? latentPlace : metaPlace).scrollIntoView({ block: "start" })
}
addEventListener("hashchange", follow)
document.addEventListener("click", (event) => {
  const link = event.target.closest && event.target.closest("a[href^='#latent/'], a[href^='#meta/']")
  // The same link twice changes no hash.
  if (link && link.getAttribute("href") === location.hash) follow()
})
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "")) return
  const target = latents ?? metas
  if (target) { event.preventDefault(); target.focusSearch(); (latents ? latentPlace : metaPlace).scrollIntoView({ block: "nearest" }) }
})
follow()
})()
`
