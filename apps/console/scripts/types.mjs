import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import openapiTypescript, { astToString } from 'openapi-typescript';
import { createService, readSettings } from '../../quota-service/dist/index.js';

/** Writes the types of the console's API client from the document that the built service serves. */
const OUT = fileURLToPath(new URL('../src/api/schema.gen.d.ts', import.meta.url));
const directory = await mkdtemp(join(tmpdir(), 'sundial-console-'));
const service = await createService(readSettings({ SUNDIAL_DATA_DIR: directory, LOG_LEVEL: 'silent' }));
try {
  await service.listen(0, '127.0.0.1');
  const document = await (
    await fetch(`http://127.0.0.1:${service.getHttpServer().address().port}/openapi.json`)
  ).json();
  await writeFile(OUT, astToString(await openapiTypescript(document)));
} finally {
  await service.close();
  await rm(directory, { recursive: true, force: true });
}
