import type { HttpConnection } from '../../../test/support/http-connection.js';
import { assertOk } from './http-load.js';

/** Where the id of a reservation begins in an answer; reading all of it as JSON would cost the generator more. */
const ID_AFTER = '"reservation":{"id":"';

/** A pair: the request reserves, and what was reserved is committed as held, over the same connection. */
export async function reserveAndCommit(connection: HttpConnection, reserve: Buffer): Promise<void> {
  const answer = await connection.request(reserve);
  assertOk(answer);
  const { bytes, bodyAt } = answer;
  const at = bytes.indexOf(ID_AFTER, bodyAt, 'latin1');
  if (at < 0) throw new Error(`Nothing was reserved: ${bytes.toString('utf8', bodyAt)}`);
  const from = at + ID_AFTER.length;
  const id = bytes.toString('latin1', from, bytes.indexOf('"', from, 'latin1'));
  assertOk(await connection.request(commitRequest(id)));
}

function commitRequest(id: string): Buffer {
  const header = [`POST /reservations/${id}/commit HTTP/1.1`, 'host: 127.0.0.1', 'content-length: 0'];
  return Buffer.from(`${header.join('\r\n')}\r\n\r\n`, 'latin1');
}
