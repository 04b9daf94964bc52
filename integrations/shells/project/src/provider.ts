/** Marks a class as a framework that injects does: by a decorator that leaves the class in its place. */
export const provider = (target: abstract new (...args: never[]) => object, _context?: unknown): void =>
  void Object.defineProperty(target, Symbol.for('shop.provider'), { value: true })
