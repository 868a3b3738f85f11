/** What the page holds to be read when it is wanted: script elements that follow the page's own script. */

const read = new Map<string, unknown>()

/** Undefined while the page that holds it is still being read, and where it has none by that id. */
export const pagePart = <A>(id: string, decode: (text: string) => A): A | undefined => {
  // What was decoded by that id is of that type: each kind of id has one decoder.
  if (read.has(id)) return read.get(id) as A
  const place = document.getElementById(id)
  // Where the next element is not there yet, this one may be half read.
  if (place === null || (document.readyState === "loading" && place.nextElementSibling === null)) return undefined
  const value = decode(place.textContent ?? "")
  read.set(id, value)
  return value
}
