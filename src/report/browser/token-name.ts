/** What a token is called where it stands alone: its text, or its number where that is no text by itself (a part of a character's bytes). */
export const tokenName = (texts: Readonly<Record<string, string>>, id: number): string => {
  const text = texts[id]
  return text === undefined || text.includes("\uFFFD") ? `#${id}` : text
}
