import type { RouteOptions } from 'fastify';
import { Problem } from '../problems/problem.js';

/** The routes there are, to distinguish a wrong method (405) from a wrong path (404). */
export class RouteTable {
  readonly #routes: { readonly path: RegExp; readonly methods: readonly string[] }[] = [];

  add({ url, method }: RouteOptions): void {
    const path = new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:\w+/g, '[^/]+')}$`);
    this.#routes.push({ path, methods: [method].flat() });
  }

  /** Why no route takes this method of this path. */
  missing({ method, url }: { readonly method: string; readonly url: string }): Problem {
    const path = url.split('?', 1)[0] ?? url;
    const allowed = this.#routes.filter((route) => route.path.test(path)).flatMap(({ methods }) => methods);
    if (allowed.length === 0 || allowed.includes(method))
      return new Problem('not-found', 'No route has this path: see /docs.');
    const allow = [...new Set(allowed)].sort().join(', ');
    return new Problem('method-not-allowed', `${method} is not supported here: use ${allow}.`, {
      headers: { allow },
    });
  }
}
