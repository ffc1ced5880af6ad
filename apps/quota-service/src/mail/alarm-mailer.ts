import type { OnApplicationShutdown } from '@nestjs/common';
import type { Transporter } from 'nodemailer';
import type { AlarmMail, Settings } from '../config/settings.js';
import type { Log } from '../logging/log.js';

/** Mails that wait for the server: in an outage more would say the same. */
const MAX_WAITING_MAILS = 100;
const MAX_ATTEMPTS = 6;
const FIRST_RETRY_MS = 1_000;
const SERVER_LIMIT_MS = 10_000;

export interface Mail {
  readonly subject: string;
  readonly text: string;
}

/** Mails alarms, one after the other, where the settings say whom to. `send` only queues. */
export class AlarmMailer implements OnApplicationShutdown {
  readonly #waiting: (Mail & { readonly done: () => void })[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isSending = false;
  #isClosed = false;

  private constructor(
    private readonly mail: AlarmMail | undefined,
    private readonly transport: Transporter | undefined,
    private readonly log: Log,
  ) {}

  static async open({ alarmMail }: Settings, log: Log): Promise<AlarmMailer> {
    return new AlarmMailer(alarmMail, alarmMail && (await transportTo(alarmMail.smtpUrl)), log);
  }

  /** Resolves once nothing more will be done about it: it was taken, refused, given up or dropped. Never after the end. */
  send(mail: Mail): Promise<void> {
    if (this.transport === undefined) return Promise.resolve();
    return new Promise((done) => {
      if (this.#isClosed) return;
      if (this.#waiting.length >= MAX_WAITING_MAILS) {
        this.#waiting.shift()?.done();
        this.log.warn(`${MAX_WAITING_MAILS} alarm mails wait for the mail server: the oldest is dropped`);
      }
      this.#waiting.push({ ...mail, done });
      if (!this.#isSending) void this.#sendAll();
    });
  }

  onApplicationShutdown(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.transport?.close();
    if (this.#waiting.length > 0) this.log.warn({ mails: this.#waiting.length }, 'alarm mails are not sent');
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    for (let mail = this.#waiting.shift(); mail !== undefined; mail = this.#waiting.shift()) {
      await this.#send(mail);
      if (!this.#isClosed) mail.done();
    }
    this.#isSending = false;
  }

  async #send({ subject, text }: Mail): Promise<void> {
    const { from, to } = this.mail!;
    for (let attempts = 1; !this.#isClosed; attempts++) {
      try {
        await this.transport!.sendMail({ from, to, subject: oneLine(subject), text });
        return;
      } catch (error) {
        const { code, responseCode } = error as { readonly code?: string; readonly responseCode?: number };
        // A 5xx of SMTP is final (RFC 5321 §4.2.1).
        const isFinal = attempts === MAX_ATTEMPTS || (responseCode ?? 0) >= 500;
        this.log.warn(
          { code, responseCode, attempts },
          isFinal ? 'an alarm mail is not sent' : 'an alarm mail is tried again',
        );
        if (isFinal) return;
        await new Promise<void>((resolve) => {
          this.#timer = setTimeout(resolve, FIRST_RETRY_MS * 2 ** (attempts - 1)).unref();
        });
      }
    }
  }
}

async function transportTo(url: string): Promise<Transporter> {
  // eslint-disable-next-line no-restricted-syntax -- 30 modules that few services need; one that does loads them at its start.
  const { createTransport } = await import('nodemailer');
  const limits = {
    connectionTimeout: SERVER_LIMIT_MS,
    greetingTimeout: SERVER_LIMIT_MS,
    socketTimeout: SERVER_LIMIT_MS,
  };
  // The text is ours, and nothing in it is a file or an address to fetch.
  return createTransport({ url, ...limits, disableFileAccess: true, disableUrlAccess: true });
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 200);
}
