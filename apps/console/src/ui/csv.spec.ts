import { describe, expect, it } from '@jest/globals';
import { csvOf } from './csv.js';

describe('a list as CSV', () => {
  it('quotes what would be read otherwise, and is no formula', () => {
    const rows = [{ subject: { user: '=1' }, reason: '=cmd()', used: 3, note: 'a "b", c', none: null }];
    const columns = {
      subject: (row: (typeof rows)[0]) => row.subject,
      reason: (row: (typeof rows)[0]) => row.reason,
      used: (row: (typeof rows)[0]) => row.used,
      note: (row: (typeof rows)[0]) => row.note,
      none: (row: (typeof rows)[0]) => row.none,
    };
    expect(csvOf(rows, columns)).toBe(
      'subject,reason,used,note,none\r\n"{""user"":""=1""}",\'=cmd(),3,"a ""b"", c",\r\n',
    );
  });
});
