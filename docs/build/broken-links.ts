/** Links of a built site that lead nowhere: to a file that is not there, or to a place that is not in it. */
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"

const idsIn = (html: string): ReadonlySet<string> =>
  new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id as string))

export const brokenLinks = (site: string): ReadonlyArray<string> => {
  const pages = new Map(
    globSync("**/*.html", { cwd: site }).map((page) => [join(site, page), readFileSync(join(site, page), "utf8")])
  )
  const ids = new Map([...pages].map(([page, html]) => [page, idsIn(html)]))
  return [...pages].flatMap(([page, html]) =>
    [...html.matchAll(/\s(?:href|src)="([^"]+)"/g)].flatMap(([, link]) => {
      const [path = "", anchor] = (link as string).replaceAll("&amp;", "&").split("#")
      if (/^[a-z]+:/.test(path)) return []
      const target = path === "" ? page : resolve(dirname(page), decodeURIComponent(path.split("?")[0] ?? ""))
      const found =
        existsSync(target) &&
        (anchor === undefined || anchor === "" || ids.get(target)?.has(decodeURIComponent(anchor)) !== false)
      return found ? [] : [`${relative(site, page)}: ${link}`]
    })
  )
}
