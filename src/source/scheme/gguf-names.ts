/**
 * Names of GGUF files: a large model stands in parts, named as llama.cpp's `gguf-split` does:
 * `NAME-00001-of-00003.gguf`.
 */
const part = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/i

/** More parts than any model has: a damaged name is no reason to look for thousands of files. */
const mostParts = 999

/** Names of all parts of the model that `name` is a part of; of `name` alone where it is no part. */
export const ggufParts = (name: string): ReadonlyArray<string> => {
  const [, stem, , count] = part.exec(name) ?? []
  if (stem === undefined || count === undefined || Number(count) < 1 || Number(count) > mostParts) return [name]
  const ending = name.slice(-".gguf".length)
  return Array.from(
    { length: Number(count) },
    (_, i) => `${stem}-${String(i + 1).padStart(5, "0")}-of-${count}${ending}`
  )
}

/** The models among files, by the names of their parts; a model's own list may name parts that are not there. */
export const ggufModels = (names: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  const models = new Map<string, ReadonlyArray<string>>()
  for (const name of names) {
    if (!/\.gguf$/i.test(name)) continue
    const parts = ggufParts(name)
    models.set(parts[0] as string, parts)
  }
  return [...models.values()]
}
