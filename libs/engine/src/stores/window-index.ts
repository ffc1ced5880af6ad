import type { LimitSpec, WindowIndex } from './counter-ref.js';

/** Which of the offered windows holds this instant; undefined where neither does. */
export function windowIndexAt({ bounds }: Pick<LimitSpec, 'bounds'>, at: number): WindowIndex | undefined {
  if (at < bounds[0]) return undefined;
  if (at < bounds[1]) return 'current';
  return at < bounds[2] ? 'next' : undefined;
}

export function startsAtOf({ bounds }: Pick<LimitSpec, 'bounds'>, windowIndex: WindowIndex): number {
  return windowIndex === 'current' ? bounds[0] : bounds[1];
}

export function resetsAtOf({ bounds }: Pick<LimitSpec, 'bounds'>, windowIndex: WindowIndex): number {
  return windowIndex === 'current' ? bounds[1] : bounds[2];
}
