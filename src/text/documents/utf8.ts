/** Bytes as text, or undefined where they are no UTF-8. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

export const utf8Text = (bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
