import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload, type SourceMapping } from 'node:module';
import { fileURLToPath } from 'node:url';

const BUNDLE = new URL('../../apps/quota-service/dist/bundle/', import.meta.url);
const DECLARED = /^(?:async )?(?:function|class) (\w+)/;

const linesOf = (file: URL) => readFileSync(file, 'utf8').split('\n');

describe('the bundle of the service', () => {
  it('maps each line of the workspace, for stack traces, to that line of the build', () => {
    const map = new SourceMap(
      JSON.parse(readFileSync(new URL('service.js.map', BUNDLE), 'utf8')) as SourceMapPayload,
    );
    const declarations = linesOf(new URL('service.js', BUNDLE)).flatMap((line, at) => {
      const [, name] = DECLARED.exec(line) ?? [];
      return name === undefined ? [] : [{ name: name.replace(/\$\d+$/, ''), at }];
    });
    expect(declarations.length).toBeGreaterThan(500);
    for (const { name, at } of declarations) {
      const { originalSource, originalLine } = map.findEntry(at, 0) as SourceMapping;
      const built = new URL(originalSource, BUNDLE);
      expect(fileURLToPath(built)).toMatch(/\/(apps|libs|lua)\/.*dist\/.*\.js$/);
      expect(linesOf(built)[originalLine]).toContain(name);
    }
  });

  it('has no map of packages, which Node would read at each start', () => {
    const maps = readdirSync(BUNDLE).filter((name) => name.endsWith('.map'));
    expect(maps).toContain('service.js.map');
    expect(maps).not.toContain('packages.js.map');
    // Of all columns it is 2 MB.
    expect(readFileSync(new URL('service.js.map', BUNDLE)).length).toBeLessThan(400_000);
  });
});
