import type { Shape } from './shape.js';

const MAX_SHAPES = 5_000;

/** Shapes as they were read before: the same text is the same object, and is read once. */
export class KnownShapes {
  readonly #shapes = new Map<string, Shape>();

  of(text: string): Shape {
    let shape = this.#shapes.get(text);
    if (!shape) {
      if (this.#shapes.size >= MAX_SHAPES) this.#shapes.clear();
      shape = JSON.parse(text) as Shape;
      this.#shapes.set(text, shape);
    }
    return shape;
  }
}
