import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { pino } from 'pino';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { eventually } from '../../../../test/support/eventually.js';
import type { Settings } from '../config/settings.js';
import { AlarmMailer } from './alarm-mailer.js';

let server: Server;
let mails: string[];
/** What the next connections are greeted with. */
let greetings: string[];
let mailer: AlarmMailer | undefined;

/** As much of SMTP as a mail takes. */
beforeEach(async () => {
  [mails, greetings] = [[], []];
  server = createServer((socket) => {
    let [buffer, isData] = ['', false];
    socket.on('error', () => undefined);
    socket.write(greetings.shift() ?? '220 test\r\n');
    socket.on('data', (chunk: Buffer) => {
      buffer += chunk.toString();
      for (let end = buffer.indexOf('\r\n'); !isData && end >= 0; end = buffer.indexOf('\r\n')) {
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        isData = line === 'DATA';
        socket.write(isData ? '354 go on\r\n' : line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n');
      }
      if (!isData || !buffer.endsWith('\r\n.\r\n')) return;
      mails.push(buffer);
      [buffer, isData] = ['', false];
      socket.write('250 kept\r\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  mailer?.onApplicationShutdown();
  server.close();
});

async function aMailer(): Promise<AlarmMailer> {
  const smtpUrl = `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const alarmMail = { smtpUrl, to: 'ops@example.org, boss@example.org', from: 'sundial@example.org' };
  return (mailer = await AlarmMailer.open({ alarmMail } as Settings, pino({ level: 'silent' })));
}

describe('a mail of an alarm', () => {
  it('goes to everyone whom the settings name, with a subject of one line', async () => {
    void (await aMailer()).send({ subject: 'alarm:\r\nBcc: x@example.org', text: 'Node: a\nRaised: now' });
    await eventually(() => mails.length === 1);
    expect(mails[0]).toMatch(/^From: sundial@example\.org$/m);
    expect(mails[0]).toMatch(/^To: ops@example\.org, boss@example\.org$/m);
    expect(mails[0]).toMatch(/^Subject: alarm: Bcc: x@example\.org$/m);
    expect(mails[0]).toContain('Node: a\r\nRaised: now');
  });

  it('is tried again when the server does not take it now, and those behind it wait', async () => {
    greetings.push('421 busy\r\n');
    void (await aMailer()).send({ subject: 'one', text: 'x' });
    void mailer!.send({ subject: 'two', text: 'x' });
    await eventually(() => mails.length === 2, { withinMs: 10_000 });
    expect(mails.map((mail) => /^Subject: (.*)$/m.exec(mail)?.[1]?.trim())).toEqual(['one', 'two']);
  });

  it('is none where the settings name no server', async () => {
    const silent = await AlarmMailer.open({ alarmMail: undefined } as Settings, pino({ level: 'silent' }));
    void silent.send({ subject: 'one', text: 'x' });
    silent.onApplicationShutdown();
    expect(mails).toEqual([]);
  });
});
