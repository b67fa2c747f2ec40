// What elfy uses of Node's util.
export function inherits(derived, base) {
  Object.setPrototypeOf(derived.prototype, base.prototype);
}
