import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** A file of Swagger UI. All answers share its bytes: a caller who asks often and reads nothing costs no copies. */
interface Asset {
  readonly type: string;
  readonly bytes: () => Promise<Buffer>;
}

const ASSETS: ReadonlyMap<string, Asset> = new Map(
  Object.entries({
    'swagger-ui.css': 'text/css; charset=utf-8',
    'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
    'favicon-32x32.png': 'image/png',
  }).map(([name, type]) => [name, { type, bytes: readOnce(name) }]),
);

export function assetNamed(name: string): Asset | undefined {
  return ASSETS.get(name);
}

/** The bundle is 1.5 MB, so it is read at the first request for it, and then kept. */
function readOnce(name: string): () => Promise<Buffer> {
  let bytes: Promise<Buffer> | undefined;
  return () => {
    bytes ??= readFile(createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`)).catch((error) => {
      bytes = undefined;
      throw error;
    });
    return bytes;
  };
}
