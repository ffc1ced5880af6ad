import { describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accessOf, addressOf } from './service-access.js';

describe('the access to a service', () => {
  const url = 'http://localhost:3000';

  it('takes address and key from options, then from the environment, and the key for calls too where there is no check key', () => {
    const env = { SUNDIAL_URL: url, SUNDIAL_KEY: 'root', SUNDIAL_CHECK_KEY: 'app' };
    expect(accessOf({}, env)).toEqual({ url, adminKey: 'root', checkKey: 'app' });
    expect(accessOf({ url, key: 'boss' }, { SUNDIAL_KEY: 'root' })).toEqual({
      url,
      adminKey: 'boss',
      checkKey: 'boss',
    });
    expect(accessOf({ checkKey: 'mine' }, env)).toEqual({ url, adminKey: 'root', checkKey: 'mine' });
    expect(accessOf({ url }, { SUNDIAL_KEY: '' })).toEqual({ url });
  });

  it('reads a key from a file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sundial-key-'));
    const keyFile = join(directory, 'key');
    try {
      await writeFile(keyFile, 'from-a-file\n');
      expect(accessOf({ url, keyFile }, {})).toEqual({
        url,
        adminKey: 'from-a-file',
        checkKey: 'from-a-file',
      });
      expect(() => accessOf({ url, keyFile, key: 'x' }, {})).toThrow('not both');
      await writeFile(keyFile, 'two words');
      expect(() => accessOf({ url, keyFile }, {})).toThrow(/^(?!.*two words).*key in .* spaces/);
    } finally {
      await rm(directory, { recursive: true });
    }
    expect(() => accessOf({ url, keyFile }, {})).toThrow(/--key-file .* can't be read: ENOENT/);
  });

  it('says what to give where no address is', () => {
    expect(() => accessOf({}, {})).toThrow('set SUNDIAL_URL');
  });

  it('shows no key that no header can carry', () => {
    expect(() => accessOf({ url, key: 's3cret\nx' }, {})).toThrow(/^(?!.*s3cret)/s);
  });

  it('keeps the path that a proxy puts the service under', () => {
    expect(addressOf('https://example.com/sundial/')).toBe('https://example.com/sundial');
  });

  it.each(['localhost:3000', 'ftp://localhost', 'http://u:secret@localhost', 'http://localhost/?a=b', ''])(
    'refuses %p',
    (address) => expect(() => addressOf(address)).toThrow(/^(?!.*secret).*(is no address|must hold no)/),
  );
});
