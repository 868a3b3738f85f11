/**
 * Whether a completion says a label, as RAVEL and SAEBench tell it (`ravel/validation.py`): it begins with it, whatever the case, quotes
 * and a "the" before either. Their rule takes "Nigeria" for "Niger"; here a letter or digit after the label makes it another word.
 */
const plain = (text: string): string =>
  (text.replace(/^[\s"]+/u, "").split('"')[0] ?? "")
    .trim()
    .toLowerCase()
    .replace(/^the\s+/u, "")

/**
 * @param ended nothing comes after it: else undefined where what comes next decides
 */
export const tellsLabel = (completion: string, label: string, ended: boolean): boolean | undefined => {
  const [said, wanted] = [plain(completion), plain(label)]
  if (said.length > wanted.length) {
    return said.startsWith(wanted) && !/^[\p{L}\p{N}]/u.test(said.slice(wanted.length))
  }
  // "the" may yet come before it.
  const open = wanted.startsWith(said) || "the".startsWith(said)
  if (!open) return false
  return ended ? said !== "" && wanted.startsWith(said) : undefined
}
