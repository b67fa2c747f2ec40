/** Where the bodies of floating-point instructions leave operands for their helpers, in slots of 16 bytes: one 128-bit lane each. */

/** Lane `lane` of operand `operand` (0 to 2). */
export function argumentSlot(operand: number, lane: number): number {
  return 2 * operand + lane;
}

/** Lane 0 of the result. */
export const RESULT_SLOT: number = argumentSlot(3, 0);

/** Added to the number that a helper is called with: there are two lanes. */
export const WIDE = 0x100;
