// What elfy uses of Node's assert.
export function equal(actual, expected) {
  if (actual !== expected) throw new Error(`expected ${expected}, found ${actual}`);
}
