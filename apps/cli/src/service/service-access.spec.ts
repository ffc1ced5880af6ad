import { describe, expect, it } from '@jest/globals';
import { accessOf } from './service-access.js';

describe('the access to a service', () => {
  it('takes keys from options, then from the environment, and the admin key where there is no check key', () => {
    const env = { SUNDIAL_ADMIN_KEY: 'root', SUNDIAL_CHECK_KEY: 'app' };
    const url = 'http://localhost:3000';
    expect(accessOf(url, {}, env)).toEqual({ url, adminKey: 'root', checkKey: 'app' });
    expect(accessOf(url, { adminKey: 'boss' }, { SUNDIAL_ADMIN_KEY: 'root' })).toEqual({
      url,
      adminKey: 'boss',
      checkKey: 'boss',
    });
    expect(accessOf(url, { checkKey: 'mine' }, env)).toEqual({ url, adminKey: 'root', checkKey: 'mine' });
    expect(accessOf(url, {}, { SUNDIAL_ADMIN_KEY: '' })).toEqual({ url });
  });

  it('keeps the path that a proxy puts the service under', () => {
    expect(accessOf('https://example.com/sundial/', {}, {}).url).toBe('https://example.com/sundial');
  });

  it.each(['localhost:3000', 'ftp://localhost', 'http://u:p@localhost', 'http://localhost/?a=b', ''])(
    'refuses %p',
    (url) => expect(() => accessOf(url, {}, {})).toThrow(/is no address|must hold no/),
  );
});
