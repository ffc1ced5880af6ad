import { rmSync } from 'node:fs';

/** Ends what `pack.mjs` began. */
export default function unpack() {
  rmSync(String(process.env['SUNDIAL_PACKED']), { recursive: true, force: true });
}
