import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** What a browser loads before it shows the first page, as a proxy would compress it. */
const MAX_BYTES = 250 * 1024;
const DIST = new URL('../apps/console/dist/', import.meta.url);
const page = readFileSync(new URL('index.html', DIST), 'utf8');
const first = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, name = '']) => name);
const sizes = first.map((name) => gzipSync(readFileSync(new URL(name, DIST))).length);
const total = sizes.reduce((sum, size) => sum + size, gzipSync(page).length);
const sentence = `The first page of the console has ${Math.ceil(total / 1024)} KiB (gzip), and ${MAX_BYTES / 1024} KiB are the most.\n`;
process.stdout.write(sentence);
process.exitCode = total > MAX_BYTES || first.length === 0 ? 1 : 0;
