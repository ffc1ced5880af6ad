/**
 * What a healthy service answers, as far as clients read it.
 *
 * @typedef {{ method: string, path: string, headers: Record<string, string>, body: any }} Request
 * @typedef {{ decision: Record<string, unknown>, paddedToBytes?: number } | { problem: string, [field: string]: unknown }
 *   | { undecided: string, status: number } | { json: unknown } | { text: string }} Body
 */

/** The bytes of a whole 200. @param {unknown} body */
export function wholeAnswer(body) {
  const text = JSON.stringify(body);
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}`;
  return `${head}\r\n\r\n${text}`;
}

/** @param {Request} request @returns {string[]} Of the operations that it asks about. */
export function operationIds({ body }) {
  const checks = Array.isArray(body?.checks) ? body.checks : [body];
  return checks.map((/** @type {any} */ check) => check?.operationId).filter(Boolean);
}

/** @param {Request} request @param {Body} [body] @param {number} [status] @returns {string} */
export function answerTo(request, body = { decision: {} }, status = 200) {
  if ('text' in body) return /** @type {string} */ (body.text);
  if ('json' in body) return JSON.stringify(body.json);
  if ('problem' in body) {
    const { problem: code, ...rest } = body;
    return JSON.stringify({
      type: 'about:blank',
      title: code,
      status,
      detail: `It says ${code}.`,
      code,
      ...rest,
    });
  }
  if ('undecided' in body) {
    const { undecided: code, status } = body;
    const error = { title: code, status, detail: `It says ${code}.`, code };
    return JSON.stringify({
      decisions: operationIds(request).map((operationId) => ({ operationId, error })),
    });
  }
  const { decision, paddedToBytes = 0 } =
    /** @type {{ decision: Record<string, unknown>, paddedToBytes?: number }} */ (body);
  return JSON.stringify(answered(request, decision)).padStart(paddedToBytes);
}

/** @param {Request} request @param {Record<string, unknown>} fields */
function answered({ path, body }, fields) {
  if (path.includes('/usage'))
    return { resource: 'ocr', subject: {}, limits: [], degraded: null, rulesVersion: 1 };
  if (path.endsWith('/check/batch')) {
    return { decisions: body.checks.map((/** @type {any} */ check) => decisionOn(check, fields)) };
  }
  if (path.endsWith('/reservations')) {
    return { reservation: reservation(`r-${body.operationId}`, body), ...decisionOn(body, fields) };
  }
  const [, id, verb] = /\/reservations\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
  if (id === undefined) return decisionOn(body, fields);
  const operation = { operationId: decodeURIComponent(id).slice(2), resource: 'ocr', subject: {} };
  const held = reservation(decodeURIComponent(id), operation);
  if (verb === 'extend') return { ...decisionOn(operation, fields), reservation: held };
  const state = verb === 'commit' ? 'committed' : verb === 'release' ? 'released' : 'held';
  return { reservation: { ...held, state }, limits: [], degraded: null };
}

/** @param {any} check @param {Record<string, unknown>} fields */
function decisionOn({ operationId }, fields) {
  return {
    allowed: true,
    reason: 'ok',
    operationId,
    replayed: false,
    wouldDeny: false,
    limits: [],
    degraded: null,
    rulesVersion: 1,
    ...fields,
  };
}

/** @param {string} id @param {any} request */
function reservation(id, { operationId, resource, subject, amount = 1, amounts = {}, ttlMs = 60_000 }) {
  const expiresAt = new Date(Date.now() + ttlMs).toISOString();
  return {
    id,
    operationId,
    resource,
    subject,
    state: 'held',
    expiresAt,
    amounts: { units: amount, ...amounts },
  };
}
