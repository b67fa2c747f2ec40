// Arguments as a shell's command line has them: words, 'as they are', "with \" and \\ in them".

/** Throws an Error with a sentence where a quote is not closed. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? "";
    const next = text[at + 1];
    if (quote === "'" || quote === '"') {
      if (char === quote) quote = "";
      else if (char === "\\" && quote === '"' && (next === '"' || next === "\\")) {
        word += next;
        at++;
      } else word += char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "\\" && next !== undefined) {
      word = (word ?? "") + next;
      at++;
    } else word = (word ?? "") + char;
  }
  if (quote !== "") throw new Error(`The arguments have an opening ${quote} without a closing one.`);
  if (word !== undefined) words.push(word);
  return words;
}

export function joinWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w./:=@%+,\p{L}-]+$/u.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");
}
