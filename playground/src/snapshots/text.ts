const numbers = new Intl.NumberFormat("en");

/** A count with separators of thousands. */
export function count(value: number): string {
  return numbers.format(value);
}

export function countText(instructions: number): string {
  return `${count(instructions)} ${instructions === 1 ? "instruction" : "instructions"}`;
}
