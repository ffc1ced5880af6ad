import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Authority } from './certificates.mjs';
import { answerTo, operationIds, wholeAnswer } from './service-answers.mjs';

/**
 * Servers that misbehave as `behaviours.json` says (README.md), on plain sockets of the loopback interface.
 *
 * @typedef {import('./service-answers.mjs').Request} Request
 * @typedef {import('./service-answers.mjs').Body} Body
 * @typedef {{
 *   do?: 'answer' | 'never' | 'reset' | 'close' | 'endless' | 'garbage', status?: number, headers?: Record<string, string>,
 *   body?: Body, encoding?: 'utf8' | 'utf8-bom' | 'utf16le' | 'latin1', interim?: string, raw?: string, delayMs?: number, drip?: 'headers' | 'body', dripMs?: number, cutAfterBytes?: number,
 *   thenClose?: boolean, counts?: boolean,
 * }} Step
 * @typedef {Step[] | 'refuses-connections' | 'no-such-host'} ServerSpec
 * @typedef {import('./certificates.mjs').CertificateKind} CertificateKind
 * @typedef {import('node:net').Socket} Socket
 */

const DRIP_MS = 20;
const END_OF_HEADERS = '\r\n\r\n';

/** All of its servers count together, as nodes on one store do. */
export class MisbehavingServers {
  /** @type {(Request & { server: number })[]} Without health and reports. */
  requests = [];
  /** Every report that was delivered, in order. @type {Record<string, unknown>[]} */
  reports = [];
  /** Operations that are counted now. @type {Set<string>} */
  counted = new Set();
  /** @type {string[]} `host:port` in the order of the specs. */
  origins = [];
  /** @type {import('node:net').Server[]} */
  #servers = [];
  /** @type {Set<Socket>} */
  #sockets = new Set();
  /** @type {ServerSpec[]} */
  #specs = [];
  /** Connections that were accepted. */
  connections = 0;
  /** @type {string | null} The certificate of the authority, PEM, where the servers speak TLS. */
  authority = null;

  /** @param {ServerSpec[]} specs @param {CertificateKind} [certificate] They speak TLS, with such a certificate. */
  static async start(specs, certificate) {
    const servers = new MisbehavingServers();
    await servers.#start(specs, certificate);
    return servers;
  }

  /** From now on the server behaves so; what it is doing goes on. @param {number} server @param {Step[]} steps */
  behave(server, steps) {
    this.#specs[server] = [...steps];
  }

  /** @param {ServerSpec[]} specs @param {CertificateKind | undefined} certificate */
  async #start(specs, certificate) {
    const authority = certificate && new Authority();
    const credentials = authority && authority.credentials(certificate);
    this.authority = authority?.certificate ?? null;
    this.#specs = specs.map((spec) => (typeof spec === 'string' ? spec : [...spec]));
    for (const [index, spec] of specs.entries()) {
      if (spec === 'no-such-host') {
        this.origins.push('sundial.invalid');
        continue;
      }
      /** @param {Socket} socket */
      const serve = (socket) => this.#serve(index, socket);
      const server = credentials
        ? createTlsServer({ ...credentials, noDelay: true }, serve)
        : createServer({ noDelay: true }, serve);
      server.on('connection', (socket) => this.#accept(socket));
      await new Promise((listening) => server.listen(0, '127.0.0.1', () => listening(undefined)));
      this.origins.push(`127.0.0.1:${portOf(server)}`);
      if (spec === 'refuses-connections') await new Promise((closed) => server.close(closed));
      else this.#servers.push(server);
    }
  }

  async stop() {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((closed) => server.close(closed))));
  }

  /** The step of the next request; the last one stays. @param {number} index @returns {Step} */
  #next(index) {
    const steps = this.#specs[index];
    if (!Array.isArray(steps)) return {};
    return (steps.length > 1 ? steps.shift() : steps[0]) ?? {};
  }

  /** @param {Socket} socket */
  #accept(socket) {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }

  /** @param {number} index @param {Socket} socket Of TLS: over the one that was accepted. */
  #serve(index, socket) {
    socket.on('error', () => socket.destroy());
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      const steps = this.#specs[index];
      if (Array.isArray(steps) && steps[0]?.do === 'garbage') return void socket.end(randomBytes(200));
      received = Buffer.concat([received, chunk]);
      for (let parsed = parse(received); parsed; parsed = parse(received)) {
        received = received.subarray(parsed.bytes);
        this.#answer(index, socket, parsed.request);
      }
    });
  }

  /** @param {number} server @param {Socket} socket @param {Request} request */
  #answer(server, socket, request) {
    if (request.path.includes('/health/')) return void socket.write(wholeAnswer({ status: 'ready' }));
    if (request.path.endsWith('/reports')) return void socket.write(wholeAnswer(this.#report(request)));
    this.requests.push({ server, ...request });
    const step = this.#next(server);
    const { body = { decision: {} } } = step;
    const decides = step.do === undefined && step.raw === undefined && (step.status ?? 200) === 200;
    const { decision } = /** @type {{ decision?: { allowed?: unknown } }} */ (body);
    const allows = decision !== undefined && decision.allowed !== false;
    if (step.counts ?? (decides && allows)) for (const id of operationIds(request)) this.counted.add(id);
    if (step.delayMs) setTimeout(() => act(socket, step, request), step.delayMs);
    else act(socket, step, request);
  }

  /** @param {Request} request */
  #report({ body }) {
    /** @type {{ reports: { operationId: string, allowed: boolean }[] }} */
    const { reports } = body;
    const results = reports.map((report) => {
      this.reports.push(report);
      const { operationId, allowed } = report;
      const known = this.counted.has(operationId);
      if (allowed) this.counted.add(operationId);
      else this.counted.delete(operationId);
      const outcome = !allowed ? 'voided' : known ? 'already-counted' : 'counted';
      return { operationId, outcome };
    });
    return { results };
  }
}

/** @param {Socket} socket @param {Step} step @param {Request} request */
function act(socket, step, request) {
  if (socket.destroyed) return;
  if (step.do === 'never') return;
  if (step.do === 'reset') return void socket.resetAndDestroy();
  if (step.do === 'close') return void socket.end();
  if (step.do === 'endless') return endless(socket);
  if (step.raw !== undefined) return send(socket, '', Buffer.from(step.raw), step);
  if (step.interim !== undefined) socket.write(step.interim);
  const body = encoded(answerTo(request, step.body, step.status), step.encoding);
  const headers = {
    'content-type': 'application/json',
    ...(step.status !== 204 && { 'content-length': String(body.length) }),
    ...step.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${step.status ?? 200} Any`, ...lines].join('\r\n') + END_OF_HEADERS;
  send(socket, head, body, step);
}

/** @param {string} text @param {Step['encoding']} [encoding] */
function encoded(text, encoding = 'utf8') {
  return encoding === 'utf8-bom' ? Buffer.from(`\ufeff${text}`) : Buffer.from(text, encoding);
}

/** @param {Socket} socket @param {string} head @param {Buffer} body @param {Step} step */
function send(socket, head, body, { drip, dripMs = DRIP_MS, cutAfterBytes, thenClose = false }) {
  if (drip === 'headers') return dripped(socket, Buffer.from(head), dripMs);
  if (drip === 'body') {
    socket.write(head);
    return dripped(socket, body, dripMs);
  }
  const sent = body.subarray(0, cutAfterBytes);
  socket.write(Buffer.concat([Buffer.from(head), sent]));
  if (thenClose || cutAfterBytes !== undefined) socket.end();
}

/** @param {Socket} socket @param {Buffer} bytes @param {number} dripMs */
function dripped(socket, bytes, dripMs) {
  let sent = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || sent >= bytes.length) clearInterval(timer);
    else socket.write(bytes.subarray(sent, ++sent));
  }, dripMs);
}

/** @param {Socket} socket */
function endless(socket) {
  const chunk = Buffer.alloc(65_536, ' ');
  socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close${END_OF_HEADERS}`);
  const pump = () => {
    if (socket.destroyed) return;
    if (socket.write(chunk)) setImmediate(pump);
    else socket.once('drain', pump);
  };
  pump();
}

/** The first whole request. @param {Buffer} received @returns {{ request: Request, bytes: number } | null} */
function parse(received) {
  const end = received.indexOf(END_OF_HEADERS);
  if (end < 0) return null;
  const [first = '', ...lines] = received.toString('latin1', 0, end).split('\r\n');
  const [method = '', path = ''] = first.split(' ');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const start = end + END_OF_HEADERS.length;
  const bytes = start + Number(headers['content-length'] ?? 0);
  if (received.length < bytes) return null;
  const text = received.toString('utf8', start, bytes);
  return { request: { method, path, headers, body: text ? JSON.parse(text) : null }, bytes };
}

/** @param {import('node:net').Server} server */
function portOf(server) {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

/** Servers that are changed and seen over HTTP, for test suites in other languages. */
async function control() {
  let servers = await MisbehavingServers.start([]);
  const http = createHttpServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    request.on('end', async () => {
      if (request.method === 'PUT') {
        await servers.stop();
        const { servers: specs, certificate } = JSON.parse(text);
        servers = await MisbehavingServers.start(specs, certificate);
      }
      const { origins, authority, requests, reports } = servers;
      const seen = { origins, authority, requests, reports, counted: [...servers.counted] };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(seen));
    });
  });
  await new Promise((listening) => http.listen(0, '127.0.0.1', () => listening(undefined)));
  process.stdout.write(`${JSON.stringify({ control: `http://127.0.0.1:${portOf(http)}` })}\n`);
  process.stdin.resume().on('end', () => process.exit());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await control();
